/** What a card says, in words. */
import { judgeVolume, Verdict } from "../../src/pair/coldstart.ts"
import { SECTOR, VolumeFlag } from "../../src/wire/card.ts"
import type { Card } from "./card.ts"
import type { CardVolume } from "./superblock.ts"

const BOARDS = ["a", "b"]
const MIB = 1024 * 1024

/** Flags of a volume, in the order in which they matter. */
const FLAGS: [VolumeFlag, string][] = [
    [
        VolumeFlag.Outdated,
        "outdated: the other card may have writes that this one lacks",
    ],
    [
        VolumeFlag.Alone,
        "alone: its board went on without its partner in this epoch",
    ],
    [
        VolumeFlag.Active,
        "active: writes may be on one card and not on the other",
    ],
    [VolumeFlag.Fresh, "fresh: nothing was ever written to it"],
    [VolumeFlag.First, "first: its first write was under way"],
]

/** @returns lines about one card */
export function tellCard(card: Card): string[] {
    const { superblock: s, file, hasPartitions } = card
    const other = BOARDS[1 - s.index]
    const met = s.partner
        ? `board ${other}, met at ${s.partner.ip}:${s.partner.port}, ${s.partner.target}`
        : `board ${other}, never met`
    return [
        `${file}: card of board ${BOARDS[s.index]}, pair ${s.pair}`,
        `superblock: generation ${s.generation}, ` +
            (s.copies === 2 ? "both copies whole" : "one of two copies whole"),
        ...(hasPartitions ? [] : ["partition table: lost"]),
        `partner: ${met}`,
        ...s.volumes.flatMap((v, i) => tellVolume(card, v, i)),
    ]
}

function tellVolume(card: Card, v: CardVolume, index: number): string[] {
    const { file, superblock } = card
    const role = index === superblock.index ? "its own" : "the partner's"
    const flags = FLAGS.filter(([flag]) => v.flags & flag)
    const at = v.firstLba * SECTOR
    const size = v.blocks * SECTOR
    return [
        `volume ${BOARDS[index]}, ${role}: partition ${index + 1}, ` +
            `${size / MIB} MiB from sector ${v.firstLba}, epoch ${v.epoch}`,
        ...flags.map(([, words]) => `    ${words}`),
        `    ${tellMap(card, index)}`,
        `    losetup --read-only --offset ${at} --sizelimit ${size} ` +
            `--find --show ${file}`,
    ]
}

function tellMap({ maps, superblock }: Card, index: number): string {
    const map = maps[index]
    const { epoch, flags } = superblock.volumes[index]
    if (!map)
        return flags & VolumeFlag.Alone
            ? "no dirty map counts: all of it may differ from the other card"
            : "no dirty map counts"
    const kib = (map.marked * map.extentBlocks * SECTOR) / 1024
    const much = `${map.marked} of ${map.extents} extents, ${kib} KiB at most`
    return map.base === epoch
        ? `dirty map: writes were expected in ${much}`
        : `dirty map: differs from the other card's copy of epoch ` +
              `${map.base} in ${much}`
}

const VERDICTS: Record<Verdict, (home: string, mirror: string) => string> = {
    [Verdict.Mirrored]: () => "both copies are equal",
    [Verdict.Home]: home => `the card of board ${home} counts`,
    [Verdict.Partner]: (_, mirror) => `the card of board ${mirror} counts`,
    [Verdict.Split]: () =>
        "both boards went on alone: each copy has writes that the other lacks",
}

/**
 * @returns lines about which of two cards has what counts, by the rule of the
 * boards themselves
 * @throws when they are not of one pair
 */
export function tellNewer(x: Card, y: Card): string[] {
    if (x.superblock.pair !== y.superblock.pair)
        throw new Error(
            `the cards are of two pairs, ${x.superblock.pair} and ` +
                `${y.superblock.pair}: they say nothing of each other`,
        )
    const cards = [x, y].sort((m, n) => m.superblock.index - n.superblock.index)
    if (cards[0].superblock.index === cards[1].superblock.index)
        throw new Error(
            `both cards are board ${BOARDS[x.superblock.index]}'s: ` +
                `give one of each board`,
        )
    return BOARDS.map((name, index) => {
        const [home, mirror] = [cards[index], cards[1 - index]]
        const verdict = judgeVolume(
            ...copy(home, index),
            ...copy(mirror, index),
        )
        const isBesideNew = isFresh(home, index) !== isFresh(mirror, index)
        const words =
            verdict === Verdict.Split && isBesideNew
                ? "the newest copy may be on a card that is gone: one board has a new card"
                : VERDICTS[verdict](name, BOARDS[1 - index])
        return `volume ${name}: ${words}`
    })
}

function isFresh(card: Card, index: number): boolean {
    return (card.superblock.volumes[index].flags & VolumeFlag.Fresh) !== 0
}

/** Epoch, flags, and the last epoch of which it has everything. */
function copy(card: Card, index: number): [number, number, number] {
    const { epoch, flags } = card.superblock.volumes[index]
    return [epoch, flags, card.maps[index]?.base ?? 0]
}
