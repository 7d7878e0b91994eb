/** Power-on: settings, board, card, chips; then the loops, for ever. */
import { releaseReserve } from "./reserve"
import * as ds from "@devicescript/core"
import { Board } from "./board/board"
import { startBus } from "./board/bus"
import { BUS_HZ, INIT_HZ, openBoard } from "./board/open"
import { event, setBoardName } from "./console/events"
import { listenToOperator, takeCommands } from "./console/operator"
import { CARD_ERRORS, CardError, makeCard } from "./drivers/sdcard"
import { startCard } from "./drivers/sdstart"
import { Chip, resetChip, setAddress } from "./drivers/w5500chip"
import { HOME_KB, makePort, PARTNER_KB, Port } from "./iscsi/port"
import { initReceive } from "./iscsi/receive"
import { startChap } from "./iscsi/chap"
import { makeTasks } from "./iscsi/task"
import { mainLoop } from "./mainloop"
import { sayMissing } from "./pair/chips"
import { COMMANDS } from "./pair/commands"
import { startHeartbeat } from "./pair/heartbeat"
import { startLan } from "./pair/lan"
import { makeLink, startLink } from "./pair/link"
import { startMirror } from "./pair/mirror"
import { endStart, startPair, tickPair } from "./pair/pair"
import { startPorts } from "./pair/ports"
import { initUnit } from "./scsi/unit"
import { readSettings, Settings } from "./settings"
import { CardState, openCard } from "./store/opencard"
import { startProgress } from "./store/progress"
import { startStorage } from "./store/storage"
import { initMaps } from "./store/dirtymap"
import { initSuperblock } from "./store/superblock"
import { makeVolume, Volume } from "./store/volume"
import { ID_ADDRESS_SIZE, ID_IP, ID_MAC, linkIp } from "./wire/link"

/** Between attempts to find a card that is missing. */
const RETRY_MS = 1000

/** Settings that make no board are told, again and again: nothing is served. */
async function wholeSettings(): Promise<Settings> {
    for (;;) {
        try {
            return await readSettings()
        } catch (e) {
            event(
                `settings damaged: ${(e as Error).message}. ` +
                    "Nothing is served: flash this board again",
            )
        }
        await ds.sleep(RETRY_MS)
    }
}

/** Waits for a card that is ours; says what is wrong with any other. */
async function bringUpCard(
    board: Board,
    settings: Settings,
    volumes: Volume[],
) {
    const card = makeCard(board.pins.csCard)
    initSuperblock(volumes, settings.pair, settings.index)
    initMaps(settings.pair, settings.index)
    for (;;) {
        board.spiConfigure(INIT_HZ)
        const error = await startCard(card)
        if (error === CardError.None) {
            board.spiConfigure(card.maxHz < BUS_HZ ? card.maxHz : BUS_HZ)
            const state = await openCard(
                card,
                volumes,
                settings.pair,
                settings.blocks,
            )
            if (state === CardState.Formatted)
                event("card was blank: formatted")
            if (state === CardState.Ours || state === CardState.Formatted)
                return card
            if (state === CardState.Foreign)
                event(
                    "card has data that are not ours: not touched. " +
                        "Put in a blank card, or wipe its first MiB",
                )
            else if (state === CardState.TooSmall)
                event(`card too small: ${card.sectors} sectors`)
            else event(`card failed: ${CARD_ERRORS[card.error]}`)
        } else event(`no card: ${CARD_ERRORS[error]}`)
        await ds.sleep(RETRY_MS)
    }
}

async function bringUpChip(chip: Chip) {
    if (!(await resetChip(chip))) sayMissing(chip)
}

/** The link's own address: a private one, and a MAC made of the board's. */
async function addressLink(chip: Chip, settings: Settings) {
    const address = Buffer.alloc(ID_ADDRESS_SIZE)
    address.blitAt(4, hex`ff ff ff 00`, 0, 4)
    address.blitAt(ID_MAC, settings.identity, ID_MAC, 6)
    address[ID_MAC] = 0x02
    address[ID_MAC + 1] = 0x4c // "L"
    address.blitAt(ID_IP, linkIp(settings.index), 0, 4)
    await setAddress(chip, address)
}

async function main() {
    const board = openBoard()
    startBus(board)
    // what stays for ever is taken first, while the heap is in one piece
    makeTasks()
    const volumes = [makeVolume(0), makeVolume(1)]
    const ports: Port[] = [
        makePort("home", board.pins.csHome, board.pins.intHome, HOME_KB),
        makePort(
            "partner",
            board.pins.csPartner,
            board.pins.intPartner,
            PARTNER_KB,
        ),
    ]
    const link = makeLink(board.pins.csLink)
    initUnit()
    initReceive()
    const settings = await wholeSettings()
    setBoardName(settings.index === 0 ? "a" : "b")
    for (let i = 0; i < volumes.length; ++i)
        volumes[i].mirroring = settings.mirroring[i]
    startChap(settings.user, settings.secret)
    event("starting")
    listenToOperator()
    const card = await bringUpCard(board, settings, volumes)
    await bringUpChip(ports[0].chip)
    await bringUpChip(ports[1].chip)
    await bringUpChip(link)
    await addressLink(link, settings)
    startProgress(board)
    startStorage(card, volumes)
    startMirror(volumes)
    startLink(link, board.pins.intLink, settings.index)
    startLan(settings.key, settings.index, ports[0], ports[1])
    startPorts(ports, settings.identity)
    startPair(settings, volumes, ports)
    startHeartbeat(board, settings.index)
    takeCommands(COMMANDS, tickPair)
    releaseReserve()
    endStart()
    event("waiting for the partner")
    await mainLoop()
}

await main()
