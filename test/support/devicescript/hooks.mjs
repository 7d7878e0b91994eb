/**
 * Module hooks with which Node runs firmware sources: DeviceScript's packages
 * are the ones of this folder, and DeviceScript's globals come first.
 *
 * A firmware module that is imported as "x.ts?1" gets all it imports as "?1":
 * each such number is a board with a state of its own.
 */
const SHIM = new URL("./", import.meta.url).href
const ROOT = new URL("../../../", import.meta.url).href
const SRC = `${ROOT}src/`
/** Folders of DeviceScript sources. */
const FIRMWARE = [SRC, `${ROOT}test/vm/`]
const GLOBALS = `import { Buffer, hex, parseInt } from "${SHIM}globals.ts";`

/** Modules that a test has replaced: by URL, without ".ts". */
const replaced = new Map()

/**
 * @param {Record<string, string>} standIns modules below src/ by the URL of
 * what is imported in their place
 */
export function initialize(standIns) {
    for (const [module, url] of Object.entries(standIns))
        replaced.set(SRC + module, url)
}

/** @type {import("node:module").ResolveHook} */
export async function resolve(specifier, context, next) {
    const [, name] = /^@devicescript\/(\w+)$/.exec(specifier) ?? []
    if (name) return next(`${SHIM}${name}.ts`, context)
    const { parentURL } = context
    if (!parentURL?.startsWith(SRC)) return next(specifier, context)
    const url = new URL(specifier, parentURL)
    const standIn = replaced.get(url.href)
    if (standIn) return next(standIn, context)
    const resolved = await next(specifier, context)
    return { ...resolved, url: resolved.url + new URL(parentURL).search }
}

/** @type {import("node:module").LoadHook} */
export async function load(url, context, next) {
    const module = await next(url, context)
    if (!FIRMWARE.some(folder => url.startsWith(folder))) return module
    // in the first line, so that the others keep their numbers
    return { ...module, source: GLOBALS + module.source }
}
