/** What one history plays on: the pair, its hosts, and what watches them. */
import type { PacketFault, Station } from "../bench/net/ethernet.ts"
import {
    BOARD_NAMES,
    type BoardName,
    type Mirroring,
    type Node,
} from "../bench/pair.ts"
import { Unreachable } from "../bench/serial.ts"
import type { VirtualBench } from "../bench/virtual.ts"
import type { Random } from "../sim/random.ts"
import type { History } from "./history.ts"
import type { TortureHost } from "./host.ts"
import { isOneHidden, NOTICED, type Hiding } from "./witnesses.ts"
import { lbasOf, type Region } from "./workloads/region.ts"

/** Where the first volume is on a card, as SPEC.md says. */
const FIRST_VOLUME_LBA = 2048
/** From a fault that is over to a takeover that it may still explain. */
const AFTERMATH_US = 500_000

interface Faulted extends Hiding {
    from: number
    to: number
}

export class Scene {
    /** what looks at packets, or changes them, one after the other */
    readonly onLan: PacketFault[] = []
    readonly onCable: PacketFault[] = []
    /** hear what boards say on their consoles */
    readonly onEvent: ((board: BoardName, text: string) => void)[] = []
    private readonly faulted: Faulted[] = []
    /** a fault has broken what no check of the data can hold any more */
    dataIsForfeit = false
    /** two boards served, for neither could know that the other one lived */
    wasBlind = false
    /** a card is bad: commands may fail */
    mayFailCommands = false
    /** how many times slower a card has been than it was new */
    slowestCard = 1

    constructor(
        readonly bench: VirtualBench,
        readonly history: History,
        readonly hosts: TortureHost[],
        readonly region: Region,
        /** names of the faults that will come */
        readonly plannedFaults: string[],
        private readonly blocksPerVolume: number,
        private readonly mirror?: Record<BoardName, Mirroring>,
    ) {
        bench.pair.lan.fault = chain(this.onLan)
        bench.pair.cable.fault = chain(this.onCable)
        // a torn sector is nothing new to a history: its write had not ended
        for (const name of BOARD_NAMES)
            this.node(name).card.onDamage = (sector, how) => {
                if (how !== "torn") this.sectorIsDamaged(sector)
            }
    }

    get world() {
        return this.bench.world
    }

    /** How a board's own volume is mirrored. */
    mirroringOf(name: BoardName): Mirroring {
        return this.mirror?.[name] ?? "sync"
    }

    node(name: BoardName): Node {
        return this.bench.pair.nodes[name]
    }

    /** An operator's command; nobody may be there to hear it. */
    command(name: BoardName, command: string) {
        try {
            this.node(name).board.command(command)
        } catch (e) {
            if (!(e instanceof Unreachable)) throw e
        }
    }

    pickBoard(random: Random): BoardName {
        return random.pick(BOARD_NAMES)
    }

    /** A host that works; by chance. */
    pickHost(random: Random): TortureHost {
        return random.pick(this.hosts)
    }

    /** @param hides whose signs of life. @returns what is called when it is over */
    faultBegins(name: string, hides?: BoardName): () => void {
        const fault = { name, hides, from: this.world.now, to: Infinity }
        this.faulted.push(fault)
        return () => {
            fault.to = this.world.now
        }
    }

    /** The faults that have been there since. */
    recent(since: number) {
        return this.faulted.filter(f => f.to >= since)
    }

    /**
     * Two boards serve. No firmware can help it when all that shows a partner's
     * life is hidden at once, and what their hosts then see is no promise.
     * @returns whether they could have known
     */
    couldKnow(): boolean {
        const since = this.world.now - AFTERMATH_US
        const recent = this.recent(since).filter(
            f => f.from >= since || !NOTICED.includes(f.name),
        )
        if (isOneHidden(recent)) this.wasBlind = this.dataIsForfeit = true
        return !this.wasBlind
    }

    /** All that is plugged into the LAN. */
    get lanStations(): Station[] {
        const boards = BOARD_NAMES.flatMap(n => {
            const { home, partner } = this.node(n)
            return [home, partner]
        })
        return [...boards, ...this.hosts.map(h => h.station)]
    }

    /** A block that hosts use. */
    someBlock(random: Random): number {
        return random.pick(lbasOf(this.region))
    }

    /** Where a block is on both cards. */
    sectorOf(volume: number, lba: number): number {
        return FIRST_VOLUME_LBA + volume * this.blocksPerVolume + lba
    }

    /** Calls `f` again and again, until stopped. */
    every(us: number, f: () => void) {
        let timer = this.world.after(us, again)
        const { world } = this
        function again() {
            f()
            timer = world.after(us, again)
        }
        return {
            stop: () => {
                timer.cancelled = true
            },
        }
    }

    /** A card has damaged a sector by itself: nobody can know what it holds. */
    sectorIsDamaged(sector: number) {
        const at = sector - FIRST_VOLUME_LBA
        if (at < 0) return
        const volume = Math.floor(at / this.blocksPerVolume)
        this.history.taint(volume, at % this.blocksPerVolume)
    }
}

function chain(faults: PacketFault[]): PacketFault {
    return (packet, from) => {
        let p: ReturnType<PacketFault> = packet
        // one may take itself out of the list
        for (const f of [...faults]) if (p) p = f(p, from)
        return p
    }
}

/** Takes something out of a list, if it is there. */
export function remove<T>(from: T[], what: T) {
    const at = from.indexOf(what)
    if (at >= 0) from.splice(at, 1)
}
