#!/usr/bin/env node
// The command `fourseven`: the compiled code is cached where Node can, then the CLI takes over.
import module from 'node:module';

module.enableCompileCache?.();
await import('../dist/cli/main.js');
