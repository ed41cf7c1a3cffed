// Tests that tables name, and whether they are there.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

const sources = new Map()
export function source(file) {
  if (!sources.has(file)) sources.set(file, existsSync(join(ROOT, file)) ? readFileSync(join(ROOT, file), 'utf8') : '')
  return sources.get(file)
}

/** The file that rows call by that: one here by its name without `.test.mjs`, others by their path from the root. */
export const fileOf = (file) => (file.includes('/') ? file : `tests/clients/${file}.test.mjs`)

/** Whether the file has a test of exactly that title, as it is written there. */
export function isThere({ file, title }) {
  const text = source(file)
  // A case of the suite for all stores: one that none of them is put through is unused, which the compiler reports.
  if (file.startsWith('tests/contract/')) return text.includes(`pub(crate) fn ${title}(new: Factory<'_>)`)
  if (file.endsWith('.rs')) return new RegExp(`#\\[(tokio::)?test\\]\\s+(#\\[[^\\]]*\\]\\s+)*(async )?fn ${title}\\(`).test(text)
  if (file.endsWith('.py')) return new RegExp(`def ${title}\\(self`).test(text)
  return ['\'', '`', '"'].some((quote) => text.includes(`it(${quote}${title}${quote}, `))
}
