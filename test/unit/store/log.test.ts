/** A volume's write log: its counters, and what they allow. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import { useDeviceScript } from "../../support/devicescript.ts"

useDeviceScript()
const {
    acknowledgeable,
    isQuiet,
    LOG_MASK,
    makeVolume,
    Mode,
    safe,
    ...volume
} = await import("../../../src/store/volume.ts")
const { flush, settle, write } = await import("../../../src/store/log.ts")
const pool = await import("../../../src/store/pool.ts")
const { VolumeFlag } = await import("../../../src/wire/card.ts")
const { saved, superblockSector, initSuperblock, saveNext } =
    await import("../../../src/store/superblock.ts")

/** A volume in service whose card says that it is written to. */
function serving(mode: number) {
    const v = makeVolume(0)
    v.mode = mode
    v.flags = VolumeFlag.Active
    v.isSaved = true
    return v
}

/** Writes blocks of this board's pool, as a session does. */
function writeOwn(v: ReturnType<typeof makeVolume>, lba: number, count = 1) {
    const run = pool.takeRun(pool.own, count)
    assert(run >= 0)
    return write(v, lba, count, run)
}

/**
 * Sends the next entry, as the mirror engine does.
 * @returns false: there is none, or the partner has no room
 */
function sendNext(v: ReturnType<typeof makeVolume>): boolean {
    if (v.sent === v.appended) return false
    const i = (v.sent + 1) & LOG_MASK
    const run = pool.takeRun(pool.remote, v.count[i])
    if (run < 0) return false
    v.remoteRun[i] = run
    v.sent++
    return true
}

describe("a write may be acknowledged", () => {
    test("at a mirrored volume's home, when the partner has it", () => {
        const v = serving(Mode.Mirrored)
        writeOwn(v, 0)
        const seq = writeOwn(v, 1)
        assert.equal(acknowledgeable(v), 0)
        while (sendNext(v));
        v.stored = v.committed = 1
        assert.equal(acknowledgeable(v), 1)
        v.stored = v.committed = 2
        assert.equal(acknowledgeable(v), seq)
        volume.setDurable(v, 2)
        volume.setPartnerDurable(v, 2)
    })
    test("at its mirror, when it has come", () => {
        const v = serving(Mode.Mirror)
        const seq = write(v, 7, 1, pool.MIRROR_FIRST)
        assert.equal(v.committed, seq)
        assert.equal(acknowledgeable(v), seq)
    })
    test("without a partner, when the card has it", () => {
        const v = serving(Mode.Alone)
        const seq = writeOwn(v, 0)
        assert.equal(v.committed, seq)
        assert.equal(acknowledgeable(v), 0)
        volume.setDurable(v, seq)
        assert.equal(acknowledgeable(v), seq)
    })
    test("while the partner is brought up to date, when the card has it", () => {
        const v = serving(Mode.Resyncing)
        const seq = writeOwn(v, 0)
        assert.equal(v.committed, 0, "it has to be sent first")
        while (sendNext(v));
        v.committed = seq
        assert.equal(acknowledgeable(v), 0)
        volume.setDurable(v, seq)
        assert.equal(acknowledgeable(v), seq)
        volume.setPartnerDurable(v, seq)
    })
    test("while it joins, when both have it", () => {
        const v = serving(Mode.Joining)
        const seq = writeOwn(v, 0)
        while (sendNext(v));
        v.committed = seq
        volume.setDurable(v, seq)
        assert.equal(
            acknowledgeable(v),
            0,
            "the partner may be a mirror by now",
        )
        v.stored = seq
        assert.equal(acknowledgeable(v), seq)
        assert.equal(safe(v), 0)
        volume.setPartnerDurable(v, seq)
        assert.equal(safe(v), seq)
    })
    for (const mode of [
        Mode.Mirrored,
        Mode.Joining,
        Mode.Resyncing,
        Mode.Mirror,
        Mode.Alone,
    ])
        test(`in mode ${Mode[mode]}, not before the card says so`, () => {
            const v = serving(mode)
            const seq = writeOwn(v, 0)
            v.stored = v.committed = seq
            volume.setDurable(v, seq)
            v.partnerDurable = seq
            v.isSaved = false
            assert.equal(acknowledgeable(v), 0)
            assert.equal(safe(v), 0)
            v.isSaved = true
            assert.equal(acknowledgeable(v), seq)
            assert.equal(safe(v), seq)
        })
})

describe("a write is safe", () => {
    for (const [mode, durable, partnerDurable, is] of [
        [Mode.Mirrored, 5, 3, 3],
        [Mode.Mirrored, 3, 5, 3],
        [Mode.Mirrored, 4, 4, 4],
        [Mode.Alone, 5, 3, 5],
        [Mode.Mirror, 5, 0, 5],
    ])
        test(`${Mode[mode]}: cards have ${durable} and ${partnerDurable}`, () => {
            const v = serving(mode)
            Object.assign(v, { appended: 6, committed: 6 })
            Object.assign(v, { durable, partnerDurable })
            assert.equal(safe(v), is)
        })
})

describe("flush", () => {
    test("waits for all writes so far", () => {
        const v = serving(Mode.Mirrored)
        Object.assign(v, { appended: 5, committed: 5, durable: 5 })
        v.partnerDurable = 4
        assert.equal(flush(v), 5)
        assert.equal(v.syncWanted, 5)
    })
    test("asks nobody when all is safe", () => {
        const v = serving(Mode.Mirrored)
        Object.assign(v, { appended: 5, committed: 5, durable: 5 })
        v.partnerDurable = 5
        assert.equal(flush(v), 5)
        assert.equal(v.syncWanted, 0)
    })
})

describe("the mark that a volume is written to", () => {
    /** A volume whose card says that it is not written to. */
    function quiet(mode: number) {
        const v = makeVolume(0)
        v.mode = mode
        initSuperblock([v, makeVolume(1)], 1, 0)
        save()
        settle(v, 0)
        return v
    }
    const save = () => {
        superblockSector()
        saved()
    }

    test("is wanted by the first write, and not again by the next", () => {
        const v = quiet(Mode.Alone)
        writeOwn(v, 0)
        assert.equal(v.flags, VolumeFlag.Active)
        assert(saveNext())
        save()
        assert(!v.isSaved, "the loss of one copy would forget it")
        save()
        assert(v.isSaved)
        writeOwn(v, 1)
        assert(!saveNext())
        assert(v.isSaved)
        volume.setDurable(v, 2)
    })

    test("of a new card is in both copies before it counts", () => {
        const v = quiet(Mode.Mirror)
        v.flags = VolumeFlag.Fresh
        write(v, 0, 1, pool.MIRROR_FIRST)
        assert.equal(v.flags, VolumeFlag.Active)
        save()
        assert(!v.isSaved, "one copy still says that the card is new")
        save()
        assert(v.isSaved)
        volume.setDurable(v, 1)
    })

    for (const [mode, ms] of [
        [Mode.Alone, 500],
        [Mode.Mirrored, 500],
        // the home's card must have its mark first
        [Mode.Mirror, 1500],
    ])
        test(`goes when all is quiet for ${ms} ms: ${Mode[mode]}`, () => {
            const v = quiet(mode)
            const seq = write(v, 0, 1, pool.MIRROR_FIRST)
            save()
            v.committed = seq
            settle(v, 1000)
            settle(v, 9000)
            assert.equal(v.flags, VolumeFlag.Active, "the card lacks data")
            volume.setDurable(v, seq)
            v.partnerDurable = seq
            settle(v, 9000 + ms - 1)
            assert.equal(v.flags, VolumeFlag.Active, "too early")
            settle(v, 9000 + ms)
            assert.equal(v.flags, 0)
            assert(saveNext())
            assert(!v.isSaved)
        })

    test("stays when a write comes in between", () => {
        const v = quiet(Mode.Alone)
        volume.setDurable(v, writeOwn(v, 0))
        settle(v, 1000)
        settle(v, 1400)
        volume.setDurable(v, writeOwn(v, 1))
        settle(v, 1500)
        settle(v, 1999)
        assert.equal(v.flags, VolumeFlag.Active)
        settle(v, 2000)
        assert.equal(v.flags, 0)
    })
})

describe("a volume is quiet", () => {
    for (const [mode, durable, partnerDurable, is] of [
        [Mode.Alone, 2, 0, true],
        [Mode.Alone, 1, 0, false],
        [Mode.Mirrored, 2, 2, true],
        [Mode.Mirrored, 2, 1, false],
        [Mode.Mirrored, 1, 2, false],
    ] as const)
        test(`${Mode[mode]} ${durable} ${partnerDurable}: ${is}`, () => {
            const v = serving(mode)
            Object.assign(v, { appended: 2, committed: 2 })
            Object.assign(v, { durable, partnerDurable })
            assert.equal(isQuiet(v), is)
        })
})

test("blocks are free again when the cards of both boards have them", () => {
    const ownBefore = pool.own.freeBlocks
    assert.equal(pool.remote.freeBlocks, pool.MIRROR_BLOCKS)
    const action = fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 1, max: 8 }) },
        ...["send", "commit", "durable", "partner"].map(step => ({
            weight: 2,
            arbitrary: fc.constant(step),
        })),
    )
    const actions = fc.array(action, { minLength: 50, maxLength: 400 })
    fc.assert(
        fc.property(actions, actions => {
            const v = serving(Mode.Mirrored)
            /** Blocks of entries above one counter, up to another. */
            const blocks = (above: number, to: number) => {
                let n = 0
                for (let s = above + 1; s <= to; s++) n += v.count[s & LOG_MASK]
                return n
            }
            const check = () => {
                assert(v.appended >= v.sent && v.sent >= v.committed)
                assert(v.committed >= v.durable)
                assert(v.committed >= v.partnerDurable)
                assert.equal(acknowledgeable(v), v.committed)
                assert.equal(safe(v), Math.min(v.durable, v.partnerDurable))
                assert(safe(v) <= acknowledgeable(v))
                // the ring has room for every entry whose blocks are in use
                const oldest = Math.min(v.durable, v.partnerDurable)
                assert(v.appended - oldest <= LOG_MASK + 1)
                const inLog = blocks(v.durable, v.appended)
                assert.equal(pool.own.freeBlocks, ownBefore - inLog)
                const away = blocks(v.partnerDurable, v.sent)
                assert.equal(pool.remote.freeBlocks, pool.MIRROR_BLOCKS - away)
            }
            for (const a of actions) {
                if (typeof a === "number") {
                    const run = pool.takeRun(pool.own, a)
                    if (run >= 0) write(v, 0, a, run)
                } else if (a === "send") sendNext(v)
                else if (a === "commit" && v.committed < v.sent)
                    v.stored = ++v.committed
                else if (a === "durable" && v.durable < v.committed)
                    volume.setDurable(v, v.durable + 1)
                else if (a === "partner" && v.partnerDurable < v.committed)
                    volume.setPartnerDurable(v, v.partnerDurable + 1)
                check()
            }
            // at last everything is everywhere
            do {
                v.stored = v.committed = v.sent
                volume.setDurable(v, v.committed)
                volume.setPartnerDurable(v, v.committed)
            } while (sendNext(v))
            check()
            assert(isQuiet(v))
        }),
        { seed: 8, numRuns: 200 },
    )
})

test("a mirror's blocks are the partner's to give out", () => {
    const before = pool.own.freeBlocks
    const v = serving(Mode.Mirror)
    const seq = write(v, 0, 8, pool.MIRROR_FIRST)
    volume.setDurable(v, seq)
    assert.equal(pool.own.freeBlocks, before)
    assert.equal(pool.remote.freeBlocks, pool.MIRROR_BLOCKS)
})
