import { defineConfig } from 'prisma/config'

// No datasource URL: the schema engine here is the WASM one, which `bin/` drives itself.
export default defineConfig({ schema: 'prisma/schema' })
