"""How good it is: metrics, and the data sets they are taken on."""
