/** One number for all that happened. */
import { createHash } from "node:crypto"
import type { PacketFault } from "../bench/net/ethernet.ts"
import { BOARD_NAMES } from "../bench/pair.ts"
import type { VirtualBench } from "../bench/virtual.ts"
import type { Scene } from "./scene.ts"

/** A hash takes much at once more gladly than little, often. */
const CHUNK = 16384

export class Digest {
    private readonly hash = createHash("sha256")
    private text = ""

    add(at: number, what: string) {
        this.text += `${at} ${what}\n`
        if (this.text.length > CHUNK) this.flush()
    }

    private flush() {
        this.hash.update(this.text)
        this.text = ""
    }

    /** Every packet of LAN and cable, at its time. */
    watch(scene: Scene) {
        const look: PacketFault = p => {
            const size = "data" in p ? p.data.length : 0
            const seq = p.kind === "tcp" ? p.seq : 0
            this.add(scene.world.now, `${p.kind} ${size} ${seq}`)
            return p
        }
        scene.onLan.push(look)
        scene.onCable.push(look)
    }

    /** What the boards have done at their buses, and what their cards hold. */
    addBoards(bench: VirtualBench) {
        this.flush()
        for (const name of BOARD_NAMES) {
            this.hash.update(JSON.stringify(bench.pair.nodes[name].board.stats))
            const media = bench.media[name]
            for (const lba of media.written())
                this.hash.update(`${lba}`).update(media.read(lba))
        }
    }

    end(at: number): string {
        this.add(at, "end")
        this.flush()
        return this.hash.digest("hex").slice(0, 16)
    }
}
