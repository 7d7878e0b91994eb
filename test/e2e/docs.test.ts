/** Every command in the README and in docs/, in the order it stands there. */
import assert from "node:assert/strict"
import { mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { once } from "node:events"
import net from "node:net"
import path from "node:path"
import { test, type TestContext } from "node:test"
import { KINDS } from "../../devs/bundle/kinds.ts"
import { ROOT } from "../../devs/vm/program.ts"
import { makeDrive, takesImage } from "../support/bootdrive.ts"
import { blocksOf, notPrinted, type Block } from "../support/docs.ts"
import { standIn } from "../support/firmwareimage.ts"
import { copyRepository } from "../support/repository.ts"
import { Shell, type Call } from "../support/shell.ts"
import { needs } from "../support/tools.ts"

const DOCUMENTS = [
    "README.md",
    ...readdirSync(path.join(ROOT, "docs"))
        .filter(f => f.endsWith(".md"))
        .sort()
        .map(f => `docs/${f}`),
]

/** A boot, a resync and a giveback take less. */
const PRINT_LIMIT_MS = 20_000

const LANGUAGES = ["sh", "bat", "console", "conf", "text"]

/** Programs that are really run. */
const REAL = ["npm", "curl", "sleep", "dd", "iscsi-ls", "qemu-img", "qemu-io"]

/** Commands that stay, in a terminal of their own, and when they are ready. */
const TERMINALS: Record<string, RegExp> = {
    "npm start": /^ready$/,
    "npm run monitor -- --port tcp:127.0.0.1:8012 tcp:127.0.0.1:8013":
        / b status serves=b /,
}

/** Commands that are played in another way, and why. */
const INSTEAD: Record<string, { run: string; why: string }> = {
    "npm test": {
        run: "npm test -- --help",
        why: "it is what runs this test",
    },
    "npm run setup": {
        run: "npm run setup -- --defaults",
        why: "it asks a person",
    },
    "npm run flash -- --board a --for pico": {
        run: "npm run flash -- --board a --for pico --drive drives/a",
        why: "a folder is the drive, and lies where no system mounts drives",
    },
    "npm run flash -- --board b --for pico": {
        run: "npm run flash -- --board b --for pico --drive drives/b",
        why: "the same",
    },
    "npm run flash -- --board a --for esp32s3 --port /dev/ttyACM0": {
        run: "npm run flash -- --board a --for esp32s3 --port drives/ttyACM0",
        why: "no board is at a serial port",
    },
    "qemu-img convert -f raw -O qcow2 iscsi://$PORTAL/$TARGET/0 backup.qcow2": {
        run: "qemu-img dd -f raw -O qcow2 bs=64k count=4 if=iscsi://$PORTAL/$TARGET/0 of=backup.qcow2",
        why: "a whole volume takes half a minute",
    },
    "npm run torture -- --seeds 100": {
        run: "npm run torture -- --seeds 1",
        why: "a hundred take minutes",
    },
    "npm run torture -- cuts": {
        run: "npm run torture -- cuts --help",
        why: "it takes an hour",
    },
    "npm run torture -- bugs": {
        run: "npm run torture -- bugs --help",
        why: "it takes an hour",
    },
}

interface StandIn {
    why: string
    /** how it may be called: its arguments, with spaces between */
    calls: RegExp[]
    prints?: string
}

const IQN = "iqn\\.2026-11\\.com\\.example:twinstore\\.a"
const NODE = `^iscsiadm -m node -T ${IQN} -p 127\\.0\\.0\\.11:3260`
const DISK = `/dev/disk/by-path/ip-127\\.0\\.0\\.11:3260-iscsi-${IQN}-lun-0`
const CARD = "/dev/sdX"

/** Programs that cannot run on a test's machine. */
const STAND_INS: Record<string, StandIn> = {
    sudo: {
        why: "what root does needs a kernel's initiator, drives and mounts",
        calls: [
            /^iscsiadm -m discovery -t sendtargets -p 127\.0\.0\.11:3260$/,
            ...[
                "node\\.session\\.timeo\\.replacement_timeout -v (3600|5)",
                "node\\.conn\\[0\\]\\.timeo\\.noop_out_interval -v \\d+",
                "node\\.conn\\[0\\]\\.timeo\\.noop_out_timeout -v \\d+",
                "node\\.startup -v automatic",
                "node\\.session\\.auth\\.authmethod -v CHAP",
                "node\\.session\\.auth\\.username -v ada",
                "node\\.session\\.auth\\.password -v twelve-chars",
            ].map(setting => new RegExp(`${NODE} -o update -n ${setting}$`)),
            new RegExp(`${NODE} --login$`),
            new RegExp(`${NODE} --logout$`),
            new RegExp(`^mkfs\\.ext4 -L twinstore-a ${DISK}$`),
            /^mkdir -p \/mnt\/\S+$/,
            new RegExp(`^mount -o noatime ${DISK} /mnt/twinstore-a$`),
            /^umount \/mnt\/(twinstore-a|card)$/,
            /^systemctl reload multipathd$/,
            /^multipath -ll$/,
            new RegExp(`^blockdev --setro ${CARD}$`),
            new RegExp(`^npm run card -- ${CARD}$`),
            new RegExp(`^mount -o ro,noload (${CARD}1|/dev/loop0) /mnt/card$`),
            /^losetup --read-only --offset 1048576 --sizelimit 33554432 --find --show \.twinstore\/card-a\.img$/,
            /^losetup --detach \/dev\/loop0$/,
            new RegExp(`^dd if=/dev/zero of=${CARD} bs=1M count=1 conv=fsync$`),
        ],
        // what losetup is asked for
        prints: "/dev/loop0",
    },
    "qemu-system-x86_64": {
        why: "a whole virtual machine",
        calls: [
            new RegExp(
                `^-m 1024 -drive file=(iscsi://127\\.0\\.0\\.11:3260/${IQN}/0|${DISK}),` +
                    `format=raw,if=virtio,cache=none,werror=stop,rerror=stop$`,
            ),
        ],
    },
    lsblk: {
        why: "a container may have no drives",
        calls: [/^-o NAME,SIZE,TYPE,MODEL$/],
    },
    cp: {
        why: "no Pico's drive is there",
        calls: [/^bundles\/pico-a\.uf2 \/media\/ada\/RPI-RP2\/$/],
    },
    esptool: {
        why: "no ESP32-S3 is there",
        calls: [
            /^--chip esp32s3 --port drives\/ttyACM0 write_flash 0x0 bundles\/esp32s3-a\.bin$/,
        ],
    },
}

const CLASS =
    "HKLM\\\\SYSTEM\\\\CurrentControlSet\\\\Control\\\\Class\\\\" +
    "\\{4D36E97B-E325-11CE-BFC1-08002BE10318\\}"

/** Commands of Windows, whole lines. */
const WINDOWS = [
    /^sc config msiscsi start= auto$/,
    /^net start msiscsi$/,
    /^iscsicli QAddTargetPortal 192\.168\.1\.11$/,
    /^iscsicli ListTargets$/,
    new RegExp(`^iscsicli QLoginTarget ${IQN}$`),
    // target, "report to PNP", 15 values that are as they were, no mappings
    new RegExp(`^iscsicli PersistentLoginTarget ${IQN} T( \\*){15} 0$`),
    new RegExp(`^reg query "${CLASS}" /s /f MaxRequestHoldTime$`),
    new RegExp(
        `^reg add "${CLASS}\\\\0004\\\\Parameters" ` +
            `/v (MaxRequestHoldTime|DelayBetweenReconnect|LinkDownTime) ` +
            `/t REG_DWORD /d \\d+ /f$`,
    ),
    /^reg add "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Disk" \/v TimeOutValue \/t REG_DWORD \/d \d+ \/f$/,
]

/** What of the tables was used, so that nothing in them is left over. */
const used = new Set<unknown>()
const played = new Set<string>()

/** What the README expects to be there already. */
function prepare(t: TestContext, dir: string) {
    mkdirSync(path.join(dir, "bundles"))
    for (const kind of Object.values(KINDS)) {
        const name = path.basename(kind.firmware)
        writeFileSync(path.join(dir, "bundles", name), standIn(kind))
    }
    for (const board of ["a", "b"])
        void takesImage(t, makeDrive(path.join(dir, "drives", board)))
    writeFileSync(path.join(dir, "drives/ttyACM0"), "")
}

/** One command after the other, as a person would. */
class Player {
    private readonly shell: Shell
    /** where what the last `sh` block has printed begins */
    private from = 0

    constructor(
        t: TestContext,
        dir: string,
        private readonly document: string,
    ) {
        const prints = Object.entries(STAND_INS).map(
            ([name, s]) => [name, s.prints ?? ""] as const,
        )
        this.shell = new Shell(t, dir, REAL, Object.fromEntries(prints))
    }

    async play(block: Block) {
        const { language, line, lines } = block
        const where = `${this.document}:${line}`
        assert.ok(
            LANGUAGES.includes(language),
            `${where}: a block's language is one of ${LANGUAGES.join(", ")}`,
        )
        if (language === "sh") this.from = this.shell.lines.length
        if (language === "console") await this.compare(block, where)
        for (const [k, command] of lines.entries()) {
            const at = `${this.document}:${line + k}: ${command}`
            if (language === "sh") await this.run(command, at)
            if (language === "bat") expectOneOf(WINDOWS, command, at)
        }
    }

    close() {
        return this.shell.close()
    }

    private async run(command: string, at: string) {
        const ready = TERMINALS[command]
        if (ready) {
            used.add(command)
            return await this.shell.open(command, ready)
        }
        const instead = INSTEAD[command]
        if (instead) used.add(command)
        const before = this.shell.lines.length
        const status = await this.shell.run(instead?.run ?? command)
        const said = () => this.shell.lines.slice(before).join("\n")
        assert.equal(status, 0, `${at}\n${said()}`)
        for (const call of this.shell.newCalls()) expectCall(call, at)
    }

    private async compare(block: Block, where: string) {
        const missing = () =>
            notPrinted(block, this.shell.lines.slice(this.from))
        await this.shell
            .until(() => missing() === undefined, PRINT_LIMIT_MS)
            .catch(() => {
                const said = this.shell.lines.slice(this.from).join("\n")
                assert.fail(`${where}: not printed: ${missing()}\n${said}`)
            })
    }
}

function expectCall([program, ...args]: Call, at: string) {
    expectOneOf(STAND_INS[program].calls, args.join(" "), at)
}

function expectOneOf(known: RegExp[], call: string, at: string) {
    const found = known.find(k => k.test(call))
    assert.ok(found, `${at}\nis not known to be right: ${call}`)
    used.add(found)
}

/** `npm start` uses these. @returns why it cannot */
async function isTaken(): Promise<string | undefined> {
    for (const [ip, port] of [
        ["127.0.0.11", 3260],
        ["127.0.0.12", 3260],
        ["127.0.0.1", 8011],
        ["127.0.0.1", 8012],
        ["127.0.0.1", 8013],
    ] as const) {
        const server = net.createServer().listen(port, ip)
        const [e] = await Promise.race([
            once(server, "listening").then(() => []),
            once(server, "error").catch((e: unknown) => [e]),
        ])
        server.close()
        if (e) return `something else runs at ${ip}:${port}`
    }
    return undefined
}

for (const document of DOCUMENTS)
    test(
        `${document}: its commands, in their order`,
        {
            ...needs("iscsi-ls", "qemu-img", "qemu-io", "sfdisk", "curl"),
            timeout: 400_000,
        },
        async t => {
            const why = await isTaken()
            if (why) {
                assert.ok(!process.env.CI, why)
                return t.skip(why)
            }
            const dir = copyRepository(t)
            prepare(t, dir)
            const player = new Player(t, dir, document)
            for (const block of blocksOf(path.join(ROOT, document)))
                await player.play(block)
            await player.close()
            played.add(document)
        },
    )

test("nothing in this test is about commands that no document has", t => {
    if (played.size < DOCUMENTS.length) {
        assert.ok(!process.env.CI, "not all documents were played")
        return t.skip("not all were played")
    }
    const known = [
        ...Object.keys(TERMINALS),
        ...Object.keys(INSTEAD),
        ...Object.values(STAND_INS).flatMap(s => s.calls),
        ...WINDOWS,
    ]
    assert.deepEqual(
        known.filter(k => !used.has(k)),
        [],
    )
})
