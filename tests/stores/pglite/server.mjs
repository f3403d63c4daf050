// PGlite (PostgreSQL in one process) with pgvector and pg_textsearch, on 127.0.0.1:PORT.
import { PGlite } from '@electric-sql/pglite'
import { pg_textsearch } from '@electric-sql/pglite-pg_textsearch'
import { vector } from '@electric-sql/pglite-pgvector'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

// Debian 12's Node.js 18 has no CustomEvent of its own, which the socket server dispatches.
globalThis.CustomEvent ??= class CustomEvent extends Event {
  constructor(type, init) {
    super(type, init)
    this.detail = init?.detail
  }
}

const db = await PGlite.create({ extensions: { vector, pg_textsearch } })
const port = Number(process.argv[2])
const server = new PGLiteSocketServer({ db, port, host: '127.0.0.1', maxConnections: 20 })
await server.start()
console.log('ready')
