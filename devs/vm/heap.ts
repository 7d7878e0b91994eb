/** Looks into a VM's garbage-collected heap (`gc_alloc.c`). */
import { VmCounters } from "./counting.ts"
import type { VmInstance } from "./instance.ts"

const TAG_SHIFT = 24
const SIZE_MASK = 0xffffff
const TAG_MASK = 0xf
const TAG_FREE = 1
const TAGS = [
    "null",
    "free",
    "bytes",
    "array",
    "map",
    "buffer",
    "string",
    "bound function",
    "activation",
    "half static map",
    "short map",
    "packet",
    "string with index",
    "image",
]

export interface HeapUse {
    /** bytes of all kinds, garbage included */
    used: number
    free: number
    largestFree: number
    byTag: Record<
        string,
        { bytes: number; count: number; sizes: Record<number, number> }
    >
}

/** Walks the heap of an instrumented VM. */
export function heapUse(vm: VmInstance): HeapUse {
    const memory = new DataView(vm.memory.buffer)
    const word = (at: number) => memory.getUint32(at, true)
    const { gc } = new VmCounters(vm.exports)
    const use: HeapUse = { used: 0, free: 0, largestFree: 0, byTag: {} }
    if (!gc) return use
    const FIRST_CHUNK = 4
    for (let chunk = word(gc + FIRST_CHUNK); chunk; chunk = word(chunk)) {
        const end = word(chunk + 4)
        let at = chunk + 8
        while (at < end) {
            const header = word(at)
            const bytes = (header & SIZE_MASK) * 4
            if (!bytes) throw new Error("the VM's heap is not laid out so")
            const tag = (header >>> TAG_SHIFT) & TAG_MASK
            if (tag === TAG_FREE) {
                use.free += bytes
                use.largestFree = Math.max(use.largestFree, bytes)
            } else {
                use.used += bytes
                const name = TAGS[tag] ?? String(tag)
                const sum = (use.byTag[name] ??= {
                    bytes: 0,
                    count: 0,
                    sizes: {},
                })
                sum.bytes += bytes
                sum.count++
                sum.sizes[bytes] = (sum.sizes[bytes] ?? 0) + 1
            }
            at += bytes
        }
    }
    return use
}

/** The heap without garbage. Lets the VM run for a moment. */
export function liveHeapUse(vm: VmInstance): HeapUse {
    vm.gcStress(true)
    vm.process()
    vm.gcStress(false)
    return heapUse(vm)
}
