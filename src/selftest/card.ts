/** The SD card. It may hold data: it is read, and never written to. */
import { Board } from "../board/board"
import { BUS_HZ, INIT_HZ } from "../board/open"
import {
    Card,
    CARD_ERRORS,
    CardError,
    makeCard,
    readBlocks,
} from "../drivers/sdcard"
import { startCard } from "../drivers/sdstart"
import { W5500_VERSION } from "../drivers/w5500"
import { makeChip } from "../drivers/w5500chip"
import { SECTOR } from "../wire/card"
import { judge, skip } from "./report"
import { readVersion, Tested } from "./spi"

/** Cards of more than 32 GB are SDXC (SD Physical Layer 3.1). */
const SDXC_SECTORS = 64 * 1024 * 1024
const SECTORS_PER_MIB = 2048

/** Brings the card up, and sets the bus to full speed. */
export async function startTestedCard(board: Board): Promise<Card> {
    const card = makeCard(board.pins.csCard)
    board.spiConfigure(INIT_HZ)
    await startCard(card)
    board.spiConfigure(BUS_HZ)
    return card
}

function typeOf({ addressUnit, sectors }: Card): string {
    if (addressUnit !== 1) return "SDSC"
    return sectors > SDXC_SECTORS ? "SDXC" : "SDHC"
}

/** Whether the card is there, what it is, and whether its data come. */
export async function checkCard(board: Board, card: Card, chips: Tested[]) {
    const isThere = card.error === CardError.None
    const why = isThere ? "" : await startFault(board, card, chips)
    const mib = Math.idiv(card.sectors, SECTORS_PER_MIB)
    judge("card", why, `type=${typeOf(card)} mib=${mib}`)
    if (!isThere) {
        skip("card-read", "the card comes first")
        return
    }
    const to = Buffer.alloc(SECTOR)
    if (card.maxHz < BUS_HZ) board.spiConfigure(card.maxHz)
    const error = await readBlocks(card, 0, 1, to, 0)
    board.spiConfigure(BUS_HZ)
    judge(
        "card-read",
        error === CardError.None
            ? ""
            : `sector 0: ${CARD_ERRORS[error]}: shorten the card's SPI wires, ` +
                  "or take another card",
    )
}

async function startFault(
    board: Board,
    card: Card,
    chips: Tested[],
): Promise<string> {
    if (card.error !== CardError.Absent && card.error !== CardError.NotSd)
        return `${CARD_ERRORS[card.error]}: take another card`
    const strange = makeChip("card", board.pins.csCard, [], 1, 1)
    if ((await readVersion(strange)) === W5500_VERSION) {
        const missing = chips.filter(t => !t.isGood).map(t => t.select)
        return (
            "a W5500 answers at csCard: swapped with " +
            (missing.join(" or ") || "another chip select")
        )
    }
    if (card.error === CardError.NotSd)
        return "what is in the socket is no SD card: put one in"
    return (
        "nothing answers at csCard: put a card in, look at csCard and at the " +
        "socket's supply and SPI wires"
    )
}
