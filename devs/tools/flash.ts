/** `npm run flash`: makes a board's image, and puts it onto the board. */
import { SingleBar } from "cli-progress"
import { Command } from "commander"
import { SerialPort } from "serialport"
import { KINDS, type Kind } from "../bundle/kinds.ts"
import {
    makeImage,
    withImageOptions,
    type ImageOptions,
} from "../bundle/make.ts"
import { findBootDrive } from "../flash/bootdrive.ts"
import { copyToDrive } from "../flash/copy.ts"
import {
    checkPort,
    choosePort,
    findEsptool,
    writeFlash,
} from "../flash/esptool.ts"
import type { Values } from "../setup/fields.ts"

interface Options extends ImageOptions {
    drive?: string
    port?: string
}

/** How an image gets onto a board, by its format. */
interface Method {
    /** the option that is for the other format */
    not: "drive" | "port"
    /**
     * Looks for the board first: making an image takes a while.
     * @returns where the image goes, and what puts it there
     */
    find(opts: Options): Promise<Target>
}

interface Target {
    where: string
    put(file: string): Promise<void>
}

const METHODS: Record<Kind["format"], Method> = {
    uf2: {
        not: "port",
        find: async ({ drive }) => {
            const where = findBootDrive(drive)
            return { where, put: file => copy(file, where) }
        },
    },
    bin: {
        not: "drive",
        find: async ({ port }) => {
            const esptool = findEsptool()
            const where = port ?? choosePort(await SerialPort.list())
            checkPort(where)
            return { where, put: file => writeFlash(esptool, where, file) }
        },
    },
}

const program = withImageOptions(
    new Command()
        .name("npm run flash --")
        .description(
            "Makes the image that `npm run bundle` makes, and puts it onto a " +
                "board: a Pico that was plugged in with its BOOTSEL button " +
                "held, or an ESP32-S3 by esptool.",
        ),
)
    .option("--drive <dir>", "a Pico's drive; looked for when absent")
    .option("--port <port>", "an ESP32-S3's; looked for when absent")
    .action(flash)

async function flash(opts: Options) {
    const method = METHODS[KINDS[opts.for].format]
    if (opts[method.not])
        throw new Error(
            `--${method.not} is not for a board of kind ${opts.for}: leave ` +
                `it out, or name another kind with --for`,
        )
    const target = await method.find(opts)
    const { file, values } = makeImage(opts)
    console.log(`writing it to ${target.where}`)
    await target.put(file)
    tellBoard(opts.board, values)
}

/** Shows how far it is, where somebody looks. */
async function copy(file: string, drive: string) {
    const bar = new SingleBar({ format: "{bar} {percentage} %" })
    try {
        await copyToDrive(file, drive, (bytes, total) => {
            if (!bar.isActive) bar.start(total, 0)
            bar.update(bytes)
        })
    } finally {
        if (bar.isActive) bar.stop()
    }
    console.log("the board has restarted")
}

/** Two boards look alike: which one this is now. */
function tellBoard(board: "a" | "b", values: Values) {
    const [ip, mac, target] =
        board === "a"
            ? [values.A_IP, values.A_MAC, values.A_TARGET]
            : [values.B_IP, values.B_MAC, values.B_TARGET]
    console.log(`it is board ${board} of pair ${values.PAIR} now`)
    console.log(`iscsi://${ip}:${values.PORT}/${target}/0, MAC ${mac}`)
}

try {
    await program.parseAsync()
} catch (e) {
    console.error((e as Error).message)
    process.exitCode = 1
}
