/** `npm start`: two simulated boards that serve iSCSI on real addresses. */
import {
    existsSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs"
import path from "node:path"
import { Command } from "commander"
import { Bench } from "../bench/bench.ts"
import { serveControl } from "../bench/control.ts"
import { ipFrom } from "../bench/net/ethernet.ts"
import { BOARD_NAMES, targetName, type Portal } from "../bench/pair.ts"
import { SerialServer } from "../bench/serialserver.ts"
import { FileMedia } from "../bench/sdcard/media.ts"
import { buildProgram } from "../vm/program.ts"

const VOLUME_MIB = 32
/** A 4 GB card, as they are sold; the file is sparse. */
const CARD_SECTORS = 4 * 1024 * 1024 * 2
const READY_LIMIT_MS = 60_000
const MARKER = "twinstore.json"
/** holds the number of the process that uses the folder */
const LOCK = "in-use"

/** What is wrong with what the user asked for. */
class UsageError extends Error {}

function parsePortal(text: string): Portal {
    const match = /^([\d.]+):(\d+)$/.exec(text)
    const port = Number(match?.[2])
    if (!match || port < 1 || port > 65535)
        throw new UsageError(`"${text}" is not IP:PORT, as in 127.0.0.11:3260`)
    try {
        ipFrom(match[1])
    } catch (e) {
        throw new UsageError((e as Error).message)
    }
    return { ip: match[1], port }
}

/** Takes a folder that is empty, or that an earlier start has marked. */
function openState(dir: string) {
    const marker = path.join(dir, MARKER)
    if (existsSync(dir)) {
        if (!statSync(dir).isDirectory())
            throw new UsageError(
                `${dir} is not a folder: name one with --state`,
            )
        if (!existsSync(marker) && readdirSync(dir).length > 0)
            throw new UsageError(
                `${dir} has files that are not Twinstore's: ` +
                    `name an empty folder, or a new one, with --state`,
            )
        if (existsSync(marker) && !isMarker(readFileSync(marker, "utf8")))
            throw new UsageError(
                `${marker} is not Twinstore's: name another folder with --state`,
            )
    }
    mkdirSync(dir, { recursive: true })
    writeFileSync(marker, JSON.stringify({ twinstore: 1 }) + "\n")
    takeLock(dir)
    const media = (name: string) =>
        new FileMedia(path.join(dir, `card-${name}.img`), CARD_SECTORS)
    return { a: media("a"), b: media("b") }
}

/** Two pairs on the same cards would destroy what is on them. */
function takeLock(dir: string) {
    const lock = path.join(dir, LOCK)
    const pid = existsSync(lock) ? Number(readFileSync(lock, "utf8")) : 0
    if (pid > 0 && isRunning(pid))
        throw new UsageError(
            `${dir} is used by process ${pid}: stop that one, ` +
                `or name another folder with --state`,
        )
    writeFileSync(lock, `${process.pid}\n`)
    process.on("exit", () => rmSync(lock, { force: true }))
}

function isRunning(pid: number) {
    try {
        return process.kill(pid, 0)
    } catch (e) {
        return (e as NodeJS.ErrnoException).code === "EPERM"
    }
}

function isMarker(text: string) {
    try {
        return JSON.parse(text).twinstore === 1
    } catch {
        return false
    }
}

function explain(e: unknown): string {
    const { code, syscall, address, port } = e as NodeJS.ErrnoException & {
        address?: string
        port?: number
    }
    if (code === "EADDRINUSE")
        return (
            `${address}:${port} is in use: stop what uses it, or choose other ` +
            `addresses with --portal-a, --portal-b, --control, --serial-a and --serial-b`
        )
    if (code === "EADDRNOTAVAIL")
        return `${address} is not an address of this machine`
    // what the system refuses needs no stack: its message names the file
    if (e instanceof UsageError || syscall) return (e as Error).message
    return e instanceof Error ? (e.stack ?? e.message) : String(e)
}

async function main() {
    const cli = new Command("npm start --")
        .description("Runs two simulated boards that serve iSCSI.")
        .option(
            "--portal-a <ip:port>",
            "where board a serves",
            "127.0.0.11:3260",
        )
        .option(
            "--portal-b <ip:port>",
            "where board b serves",
            "127.0.0.12:3260",
        )
        .option(
            "--control <ip:port>",
            "where the control API is",
            "127.0.0.1:8011",
        )
        .option(
            "--serial-a <ip:port>",
            "where board a's serial console is",
            "127.0.0.1:8012",
        )
        .option(
            "--serial-b <ip:port>",
            "where board b's serial console is",
            "127.0.0.1:8013",
        )
        .option("--state <dir>", "where the cards' images are", ".twinstore")
        .parse()
    const opts = cli.opts<Record<string, string>>()
    const portals = {
        a: parsePortal(opts.portalA),
        b: parsePortal(opts.portalB),
    }
    if (portals.a.ip === portals.b.ip)
        throw new UsageError("each board needs an IP address of its own")
    const control = parsePortal(opts.control)
    const serial = {
        a: parsePortal(opts.serialA),
        b: parsePortal(opts.serialB),
    }
    const media = openState(opts.state)
    const bench = new Bench({
        program: buildProgram(),
        portals,
        media,
        mib: VOLUME_MIB,
    })
    bench.on("event", e => console.log(`${stamp(e.ms)} ${e.board} ${e.text}`))
    bench.on("panic", p => console.error(p.message))
    bench.on("failed", e => {
        console.error(explain(e))
        process.exit(1)
    })
    const server = await serveControl(bench, control.ip, control.port)
    const consoles = BOARD_NAMES.map(name => new SerialServer(bench, name))
    for (const [k, name] of BOARD_NAMES.entries())
        await consoles[k].listen(serial[name])
    await bench.start()
    stopOnSignals(async () => {
        for (const c of consoles) c.close()
        server.close()
        server.closeAllConnections()
        await bench.stop()
        media.a.close()
        media.b.close()
    })
    for (const name of BOARD_NAMES) {
        const { ip, port } = portals[name]
        console.log(`iscsi://${ip}:${port}/${targetName(name)}/0`)
    }
    for (const name of BOARD_NAMES)
        console.log(
            `serial console of ${name} tcp:${serial[name].ip}:${serial[name].port}`,
        )
    console.log(`control http://${control.ip}:${control.port}/state`)
    await bench.untilMirrored(READY_LIMIT_MS).then(
        () => console.log("ready"),
        () =>
            console.log(
                "the pair is not mirrored; the events above say why. " +
                    "Service goes on where there is any",
            ),
    )
}

function stamp(ms: number) {
    return (ms / 1000).toFixed(3).padStart(9)
}

/**
 * One Ctrl-C may come several times: from the terminal, through npm, and
 * through devs/run.mjs. A later one is from somebody who does not want to wait.
 */
const SAME_SIGNAL_MS = 500

function stopOnSignals(stop: () => Promise<void>) {
    let stoppingSince = 0
    for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.on(signal, () => {
            if (stoppingSince) {
                if (Date.now() - stoppingSince < SAME_SIGNAL_MS) return
                console.error("not waiting for what is under way")
                process.exit(1)
            }
            stoppingSince = Date.now()
            console.log("stopping")
            stop().then(
                () => process.exit(0),
                e => {
                    console.error(explain(e))
                    process.exit(1)
                },
            )
        })
}

main().catch((e: unknown) => {
    console.error(`error: ${explain(e)}`)
    process.exit(1)
})
