"""A profile whose every field tries to be more than text."""

PAYLOADS = (
    "<script>document.title='owned'</script>",
    "<img src=http://198.51.100.7/p.png onerror=document.title='owned'>",
    "<svg onload=document.title='owned'>",
    "<form action=http://198.51.100.7/><input name=password></form>",
    "<iframe src=javascript:document.title='owned'></iframe>",
    "</mark></p></main><h1>Break out</h1>",
    '" onmouseover="document.title=1" x="',
    "[press](javascript:document.title=1)",
    "![pixel](http://198.51.100.7/q.png)",
    "$$x^2$$",
    "`code`",
    "${document.title='owned'}",
    "{{constructor.constructor('document.title=1')()}}",
    "&lt;b&gt;&amp;",
)
FILE = "mallory-payload.txt"
PROFILE = f"""Loading
Active in: {PAYLOADS[1]}
Organization: {PAYLOADS[0]}
TIP Award Year: 2019
Additional Recognition: {PAYLOADS[3]}
Focus: {PAYLOADS[6]}
Mallory Payload founded the Payload League in 1999 {" ".join(PAYLOADS)} with two friends.
"""
QUESTION = "When did Mallory Payload found the Payload League?"
