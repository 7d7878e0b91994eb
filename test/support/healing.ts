/** Until a pair is one again, and what its two cards then must have. */
import assert from "node:assert/strict"
import type { VirtualBench } from "../../devs/bench/virtual.ts"

const FIRST_VOLUME_LBA = 2048
/** Boot, probation, resync and giveback of both volumes. */
export const BACK_LIMIT_US = 40e6

/**
 * Waits until each board serves its volume and mirrors the other's.
 * @returns virtual microseconds that it took
 */
export async function untilMirrored(
    bench: VirtualBench,
    limitUs = BACK_LIMIT_US,
) {
    const from = bench.world.now
    while (!bench.isMirrored) {
        assert.ok(
            bench.world.now - from < limitUs,
            "the pair is not one again:\n" +
                bench.events
                    .slice(-40)
                    .map(e => `${e.ms.toFixed(1)} ${e.board}: ${e.text}`)
                    .join("\n"),
        )
        await bench.script.sleep(10_000)
    }
    return bench.world.now - from
}

/** Both cards, sector by sector, wherever one was ever written. */
export function assertEqualCards(bench: VirtualBench, mib = 32) {
    const { a, b } = bench.media
    const volumes = FIRST_VOLUME_LBA + 2 * mib * 2048
    for (const lba of new Set([...a.written(), ...b.written()])) {
        if (lba < FIRST_VOLUME_LBA || lba >= volumes) continue
        assert.ok(
            Buffer.from(a.read(lba)).equals(Buffer.from(b.read(lba))),
            `sector ${lba} differs`,
        )
    }
}
