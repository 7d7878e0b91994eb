/**
 * Module hooks with which Node runs firmware sources: DeviceScript's packages
 * are the ones of this folder, and DeviceScript's globals come first.
 */
const SHIM = new URL("./", import.meta.url).href
const ROOT = new URL("../../../", import.meta.url).href
/** Folders of DeviceScript sources. */
const FIRMWARE = [`${ROOT}src/`, `${ROOT}test/vm/`]
const GLOBALS = `import { Buffer, hex, parseInt } from "${SHIM}globals.ts";`

/** Modules that a test has replaced: by URL, without ".ts". */
const replaced = new Map()

/**
 * @param {Record<string, string>} replacements modules below src/ by the URL of
 * what stands in for them
 */
export function initialize(replacements) {
    for (const [module, url] of Object.entries(replacements))
        replaced.set(`${ROOT}src/${module}`, url)
}

/** @type {import("node:module").ResolveHook} */
export function resolve(specifier, context, next) {
    const [, name] = /^@devicescript\/(\w+)$/.exec(specifier) ?? []
    if (name) return next(`${SHIM}${name}.ts`, context)
    if (specifier.startsWith(".") && context.parentURL) {
        const url = new URL(specifier, context.parentURL).href
        const stand = replaced.get(url.replace(/\.ts$/, ""))
        if (stand) return next(stand, context)
    }
    return next(specifier, context)
}

/** @type {import("node:module").LoadHook} */
export async function load(url, context, next) {
    const module = await next(url, context)
    if (!FIRMWARE.some(folder => url.startsWith(folder))) return module
    // in the first line, so that the others keep their numbers
    return { ...module, source: GLOBALS + module.source }
}
