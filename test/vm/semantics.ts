/**
 * What the firmware relies on in DeviceScript's buffers, numbers and strings.
 * test/unit/devicescript.test.ts runs this in the VM and in Node and compares
 * what both say.
 */
import { textIn } from "../../src/wire/bytes"

function say(what: string, value: any) {
    console.log(`= ${what}: ${value}`)
}

/** What characters of two, three and four bytes begin with. */
const BEGINNINGS = hex`c3 e2 f0`

/**
 * Texts that end within a character, where freed memory may be full of what such
 * characters go on with.
 */
function brokenTexts() {
    for (let size = 1; size < 40; ++size) {
        for (let i = 0; i < BEGINNINGS.length; ++i) {
            const used: Buffer[] = []
            for (let k = 0; k < 8; ++k) {
                const b = Buffer.alloc(size + k)
                b.fillAt(0, size + k, 0xbf)
                used.push(b)
            }
            const from = Buffer.alloc(size + 1)
            from.fillAt(0, size, 0x61)
            from[size - 1] = BEGINNINGS[i]
            from[size] = 0xbf
            say("cut text", `"${textIn(from, 0, size)}"`)
            say("whole text", `"${textIn(from, 0, size - 1)}"`)
        }
    }
}

/** Bytes that are no characters, few of them and many. */
function wideTexts() {
    const wide = Buffer.alloc(70)
    wide.fillAt(0, 70, 0xbf)
    say("64 broken", textIn(wide, 0, 64))
    say("65 broken", textIn(wide, 0, 65))
    for (let at = 0; at < 70; ++at) {
        const b = Buffer.alloc(70)
        b.fillAt(0, 70, 0x61)
        b[at] = 0x80
        say("one broken", textIn(b, 0, 70))
        say("all before it", textIn(b, 0, at))
    }
}

/** A buffer of so many bytes: 1, 2, 3, ... */
function counting(size: number): Buffer {
    const b = Buffer.alloc(size)
    for (let i = 0; i < size; ++i) b[i] = i + 1
    return b
}

/** The error that a store is refused with, or the bytes after it. */
function attempt(b: Buffer, store: (b: Buffer) => void): string {
    try {
        store(b)
    } catch (e) {
        if (e instanceof RangeError) return "RangeError"
        if (e instanceof TypeError) return "TypeError"
        return "Error"
    }
    return b.toString("hex")
}

const NUMBERS = [
    0, 1, 127, 128, 255, 256, 257, 32767, 32768, 65535, 65536, 2147483647,
    2147483648, 4294967295, 4294967296, 4294967300, -1, -128, -129, -256,
    -32769, -2147483648, -2147483649, 0.5, 1.9, 255.7, -0.5, -1.9, 1e15,
]

function stores() {
    const b = Buffer.alloc(4)
    for (let i = 0; i < NUMBERS.length; ++i) {
        const n = NUMBERS[i]
        b[0] = n
        say(`b[0] = ${i}`, b[0])
        b.setAt(0, "u8", n)
        b.setAt(1, "i8", n)
        say(`setAt u8 and i8 ${i}`, b.toString("hex"))
        b.setAt(0, "u16", n)
        b.setAt(2, "i16", n)
        say(`setAt u16 and i16 ${i}`, b.toString("hex"))
        b.setAt(0, "u32", n)
        say(`setAt u32 ${i}`, b.toString("hex"))
        b.setAt(0, "i32", n)
        say(`setAt i32 ${i}`, b.toString("hex"))
        const long = Buffer.alloc(8)
        long.setAt(0, "f64", n)
        say(`setAt f64 ${i}`, long.toString("hex"))
        say(`getAt f64 ${i}`, long.getAt(0, "f64") === n)
    }
    b[1] = true as any
    b[2] = undefined as any
    b[3] = NaN
    say("odd values", b.toString("hex"))
}

function loads() {
    const b = hex`00 7f 80 ff ff ff ff 80 00 00 00 80`
    for (let at = 0; at < 13; ++at) {
        say(`getAt u8 ${at}`, b.getAt(at, "u8"))
        say(`getAt u16 ${at}`, b.getAt(at, "u16"))
        say(`getAt u32 ${at}`, b.getAt(at, "u32"))
        say(`getAt i8 ${at}`, b.getAt(at, "i8"))
        say(`getAt i16 ${at}`, b.getAt(at, "i16"))
        say(`getAt i32 ${at}`, b.getAt(at, "i32"))
    }
    say("behind the end", b[12])
    say("before the beginning", b[-1])
}

function refusals() {
    const flash = hex`01 02 03 04`
    say(
        "b[4]",
        attempt(counting(4), b => (b[4] = 1)),
    )
    say(
        "b[-1]",
        attempt(counting(4), b => (b[-1] = 1)),
    )
    say(
        "setAt behind",
        attempt(counting(4), b => b.setAt(1, "u32", 1)),
    )
    say(
        "flash b[0]",
        attempt(flash, b => (b[0] = 9)),
    )
    say(
        "flash fillAt",
        attempt(flash, b => b.fillAt(0, 1, 9)),
    )
    say(
        "flash blitAt",
        attempt(flash, b => b.blitAt(0, counting(1), 0, 1)),
    )
}

function moves() {
    const say8 = (what: string, move: (b: Buffer) => void) =>
        say(what, attempt(counting(8), move))
    say8("fillAt", b => b.fillAt(2, 3, 0x1ff))
    say8("fillAt too long", b => b.fillAt(6, 9, 0))
    say8("fillAt behind", b => b.fillAt(8, 1, 0))
    say8("fillAt before", b => b.fillAt(-1, 4, 0))
    say8("fillAt negative", b => b.fillAt(4, -1, 0))
    say8("blitAt", b => b.blitAt(1, hex`aa bb cc dd`, 1, 2))
    say8("blitAt too long", b => b.blitAt(6, hex`aa bb cc dd`, 0, 4))
    say8("blitAt past source", b => b.blitAt(0, hex`aa bb cc dd`, 2, 9))
    say8("blitAt behind source", b => b.blitAt(0, hex`aa`, 1, 1))
    say8("blitAt before", b => b.blitAt(-1, hex`aa`, 0, 1))
    say8("blitAt text", b => b.blitAt(1, "hé", 0, 9))
    say8("set", b => b.set(hex`aa bb`, 7))
    say8("apart in itself", b => b.blitAt(0, b, 4, 4))
    say("slice", counting(8).slice(2, 5).toString("hex"))
    say("slice to end", counting(8).slice(6).toString("hex"))
    say("slice past end", counting(4).slice(2, 8).toString("hex"))
    say("slice behind", counting(4).slice(4, 8).length)
    say("slice reversed", counting(4).slice(3, 1).length)
    say("slice before", counting(4).slice(-2, 2).toString("hex"))
    const whole = counting(4)
    whole.slice(0, 2).fillAt(0, 2, 0xff)
    say("slice copies", whole.toString("hex"))
    say("concat", counting(2).concat(counting(3)).toString("hex"))
}

function searches() {
    const b = hex`00 3d 00 ff 3d ff`
    say("indexOf", b.indexOf(0x3d))
    say("indexOf from", b.indexOf(0x3d, 2))
    say("indexOf until", b.indexOf(0x3d, 2, 4))
    say("indexOf none", b.indexOf(0x55))
    say("indexOf 0", b.indexOf(0, 1))
    say("indexOf past end", b.indexOf(0, 9))
    say("indexOf to past end", b.indexOf(0xff, 4, 99))
    say("indexOf too large", b.indexOf(0x13d))
    say("indexOf before", b.indexOf(0, -5))
}

function texts() {
    say("from hex", Buffer.from("12aBff", "hex").toString("hex"))
    say("from text", Buffer.from("hé").toString("hex"))
    say("from array", Buffer.from([1, 256, -1]).toString("hex"))
    say("to text", hex`68 c3 a9`.toString())
    for (let from = 0; from < 10; ++from)
        say("a text's place", "ab,cab,ab".indexOf("ab", from))
    const numbers = ["12", " 12", "12x", "x", "", "-3", "3.9", "1e3", "0x200"]
    for (let i = 0; i < numbers.length; ++i)
        say(`parseInt ${numbers[i]}`, parseInt(numbers[i]))
    say("parseInt inf", parseInt("inf"))
    say("parseInt nan", parseInt("nan"))
}

function divisions() {
    say("12 by 5", Math.idiv(12, 5))
    say("-12 by 5", Math.idiv(-12, 5))
    say("12 by 0", Math.idiv(12, 0))
    for (let i = 0; i < NUMBERS.length; ++i) {
        const sum = NUMBERS[i] * 3
        say(`fold ${i}`, sum ^ (sum / 0x100000000))
    }
}

stores()
loads()
refusals()
moves()
searches()
texts()
brokenTexts()
wideTexts()
divisions()
console.log("= end")
