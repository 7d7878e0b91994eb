/** The pair as `npm start` runs it, and tgt, under the same initiator. */
import { performance } from "node:perf_hooks"
import { targetName } from "../bench/pair.ts"
import { BLOCK } from "../initiator/scsi.ts"
import { Initiator } from "../initiator/initiator.ts"
import { overSocket } from "../initiator/transport.ts"
import { Random } from "../sim/random.ts"
import { ROOT } from "../vm/program.ts"
import { Child } from "./child.ts"
import { runLoad, type Load, type Outcome } from "./load.ts"
import { VOLUME_BLOCKS } from "./meter.ts"
import { latencyCells, LATENCY_HEAD, LOADS, nameOf } from "./pico.ts"
import { progress, type Report } from "./report.ts"
import { table, type Cell } from "./table.ts"
import { findTgtd, Tgt, TGT_TARGET } from "./tgt.ts"

/** Real time of each measurement. */
const SPAN_US = 4e6
const WARM_OPS = 24
const SEED = 5
const READY_LIMIT_MS = 60_000
/** Ports that nobody has by default, so that a bench beside `npm start` works. */
const OURS = { a: "127.0.0.11", b: "127.0.0.12", port: 13260 }
const CONTROL = "127.0.0.1:18011"
const TGT = { ip: "127.0.0.1", port: 13261 }

interface Result {
    load: Load
    pair: Outcome
    tgt?: Outcome
}

/** `npm start` with a state of its own. */
function startPair(): Child {
    const { a, b, port } = OURS
    return new Child(dir => ({
        program: process.execPath,
        args: [
            ...["--import", "tsx", "devs/tools/start.ts"],
            ...["--portal-a", `${a}:${port}`, "--portal-b", `${b}:${port}`],
            ...["--control", CONTROL, "--state", dir],
        ],
        cwd: ROOT,
        stdio: ["ignore", "pipe", "inherit"],
    }))
}

/** Resolves when the pair says that it is mirrored. */
function untilReady({ server }: Child): Promise<void> {
    return new Promise((resolve, reject) => {
        let text = ""
        const fail = (why: string) => reject(new Error(`${why}\n${text}`))
        const limit = setTimeout(
            () => fail("the pair does not become ready"),
            READY_LIMIT_MS,
        )
        server.once("exit", () => {
            clearTimeout(limit)
            fail("the pair has ended")
        })
        server.stdout?.on("data", (data: Buffer) => {
            text += data.toString()
            if (!/^ready$/m.test(text)) return
            clearTimeout(limit)
            resolve()
        })
    })
}

/** One load in a session of its own. */
async function measure(
    ip: string,
    port: number,
    target: string,
    lun: number,
    load: Load,
): Promise<Outcome> {
    const initiator = new Initiator({
        connect: overSocket(ip, port),
        target,
        lun,
    })
    await initiator.login()
    await initiator.ready()
    const outcome = await runLoad(initiator, {
        load,
        span: { warmOps: WARM_OPS, us: SPAN_US },
        volume: VOLUME_BLOCKS,
        random: new Random(SEED),
        now: () => performance.now() * 1000,
    })
    await initiator.logout()
    return outcome
}

export async function measureLive(): Promise<Report> {
    const results: Result[] = []
    const pair = startPair()
    try {
        await untilReady(pair)
        for (const load of LOADS) {
            progress(`live: ${nameOf(load)}`)
            const name = targetName("a")
            const own = await measure(OURS.a, OURS.port, name, 0, load)
            results.push({ load, pair: own })
        }
    } finally {
        pair.stop()
    }
    return report(results, await measureTgt(results))
}

/** Adds tgt's results. @returns what to say of them */
async function measureTgt(results: Result[]): Promise<string> {
    const tgtd = findTgtd()
    if (!tgtd)
        return (
            "tgt is not installed (Debian: apt install tgt): nothing to " +
            "compare with."
        )
    const { ip, port } = TGT
    let tgt: Tgt
    try {
        tgt = await Tgt.start(tgtd, ip, port, VOLUME_BLOCKS * BLOCK)
    } catch (e) {
        return `tgt is installed but cannot be compared: ${(e as Error).message}`
    }
    try {
        for (const result of results) {
            progress(`tgt: ${nameOf(result.load)}`)
            result.tgt = await measure(ip, port, TGT_TARGET, 1, result.load)
        }
    } finally {
        tgt.stop()
    }
    return "tgt: Debian's, one file, no mirror, the same initiator."
}

function report(results: Result[], aboutTgt: string): Report {
    const rows = results.map(({ load, pair, tgt }): Cell[] => [
        nameOf(load),
        pair.iops,
        pair.kBps,
        tgt?.iops ?? "-",
        tgt?.kBps ?? "-",
        ...latencyCells(pair),
    ])
    return {
        sections: [
            {
                title: "Live, on this machine",
                notes: [
                    `The pair as npm start runs it, simulated cards and all, with ` +
                        `mirroring on; 1 kB is 1,000 bytes. Latencies are the pair's.`,
                    aboutTgt,
                ],
                table: table(
                    [
                        "",
                        "IOPS",
                        "kB/s",
                        "tgt IOPS",
                        "tgt kB/s",
                        ...LATENCY_HEAD,
                    ],
                    rows,
                ),
            },
        ],
        data: results,
        failures: [],
    }
}
