#!/usr/bin/env node
/** `npm run gatehouse -- <command>`: finds a Node that is new enough, then `bin/gatehouse.ts`. */
import { runOnNode24 } from './node24.mjs'

await runOnNode24('bin/gatehouse.ts')
