/**
 * `Buffer`, `hex`, `parseInt` and `Math` as the DeviceScript VM has them, for
 * firmware that runs in Node. test/unit/devicescript.test.ts compares them with the VM.
 */

type Format = "u8" | "u16" | "u32" | "i8" | "i16" | "i32" | "f64"

/** As the VM stores a fraction: rounded, and held within the format. */
function clamp(value: number, min: number, max: number) {
    const n = Number.isInteger(value) ? value : Math.trunc(value + 0.5)
    return Math.min(Math.max(n, min), max)
}

/** Reads of the bytes `b[i]` go to the bytes, all others to the object. */
function indexIn(key: string | symbol): number | undefined {
    const i = typeof key === "string" ? Number(key) : NaN
    return Number.isNaN(i) ? undefined : i
}

const indexed: ProxyHandler<DeviceBuffer> = {
    get(target, key) {
        const i = indexIn(key)
        return i === undefined ? Reflect.get(target, key) : target.bytes[i]
    },
    set(target, key, value) {
        const i = indexIn(key)
        if (i === undefined) throw new TypeError(`no field ${String(key)}`)
        if (!(i >= 0 && i < target.length))
            throw new RangeError(`buffer write at ${i}, len=${target.length}`)
        target.writable()[i] = value
        return true
    },
}

class DeviceBuffer {
    readonly length: number
    private readonly view: DataView

    /** @param isConstant a literal in flash */
    private constructor(
        readonly bytes: Uint8Array,
        private readonly isConstant = false,
    ) {
        this.length = bytes.length
        this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
        return new Proxy(this, indexed)
    }

    static alloc(size: number) {
        return new DeviceBuffer(new Uint8Array(size))
    }

    static literal(bytes: Uint8Array) {
        return new DeviceBuffer(bytes, true)
    }

    static from(data: string | number[] | DeviceBuffer, encoding?: string) {
        if (typeof data === "string")
            return new DeviceBuffer(
                Uint8Array.from(
                    Buffer.from(data, encoding === "hex" ? "hex" : "utf8"),
                ),
            )
        return new DeviceBuffer(
            Uint8Array.from(Array.isArray(data) ? data : data.bytes),
        )
    }

    writable() {
        if (this.isConstant) throw new TypeError("expecting mutable Buffer")
        return this.bytes
    }

    /**
     * The VM itself reads and writes foreign memory at negative offsets: here
     * they are an error, so that a test finds them.
     */
    private hasAt(offset: number, size: number) {
        if (offset < 0) throw new Error(`offset ${offset} before a buffer`)
        return offset + size <= this.length
    }

    getAt(offset: number, format: Format): number | undefined {
        const size = Number(format.slice(1)) / 8
        if (!this.hasAt(offset, size)) return undefined
        const v = this.view
        const get = {
            u8: () => v.getUint8(offset),
            u16: () => v.getUint16(offset, true),
            u32: () => v.getUint32(offset, true),
            i8: () => v.getInt8(offset),
            i16: () => v.getInt16(offset, true),
            i32: () => v.getInt32(offset, true),
            f64: () => v.getFloat64(offset, true),
        }
        return get[format]()
    }

    setAt(offset: number, format: Format, value: number) {
        this.writable()
        const bits = Number(format.slice(1))
        if (!this.hasAt(offset, bits / 8))
            throw new RangeError("buffer store out of range")
        const v = this.view
        if (format === "f64") return v.setFloat64(offset, value, true)
        const min = format[0] === "u" ? 0 : -(2 ** (bits - 1))
        const n = clamp(value, min, min + 2 ** bits - 1)
        if (bits === 8) v.setInt8(offset, n)
        else if (bits === 16) v.setInt16(offset, n, true)
        else v.setInt32(offset, n, true)
    }

    /** Copies what there is room for: bounds are cut, as unsigned numbers. */
    blitAt(
        offset: number,
        from: DeviceBuffer | string,
        fromOffset: number,
        length: number,
    ) {
        const to = this.writable()
        const source = typeof from === "string" ? Buffer.from(from) : from.bytes
        const start = fromOffset >>> 0
        const room = Math.max(this.length - (offset >>> 0), 0)
        const count = Math.min(length >>> 0, room, source.length)
        if (room) to.set(source.subarray(start, start + count), offset)
    }

    fillAt(offset: number, length: number, value: number) {
        const start = offset >>> 0
        this.writable().fill(value, start, start + (length >>> 0))
    }

    indexOf(byte: number, start = 0, end = this.length): number {
        if (end < 0) throw new Error("search from the end: not needed so far")
        const i = this.bytes.indexOf(byte, Math.max(start, 0))
        return i < end ? i : -1
    }

    toString(encoding?: "hex" | "utf8" | "utf-8") {
        return Buffer.from(this.bytes).toString(encoding)
    }

    /// As in @devicescript/core, src/array.ts ///

    set(from: DeviceBuffer, offset = 0) {
        this.blitAt(offset, from, 0, from.length)
    }

    concat(other: DeviceBuffer) {
        const both = DeviceBuffer.alloc(this.length + other.length)
        both.set(this)
        both.set(other, this.length)
        return both
    }

    slice(start = 0, end = this.length) {
        const length = end - start
        if (length <= 0 || start >= this.length) return DeviceBuffer.alloc(0)
        const part = DeviceBuffer.alloc(length)
        part.blitAt(0, this, start, length)
        return part
    }
}

function hexLiteral(literal: TemplateStringsArray) {
    const digits = literal.join("").replace(/\s/g, "")
    if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error(`not hex: ${digits}`)
    return DeviceBuffer.literal(Uint8Array.from(Buffer.from(digits, "hex")))
}

/** C's strtod, then without its fraction: "12x", "1e3" and "0x200" pass. */
function parseIntByStrtod(text: string): number {
    const number =
        /^\s*[-+]?(0x[0-9a-f]+|inf|(\d+\.?\d*|\.\d+)(e[-+]?\d+)?)/i.exec(text)
    if (!number) return NaN
    return Math.trunc(Number(number[0].replace(/inf/i, "Infinity")))
}

Math.idiv = (a, b) => (b === 0 ? 0 : Math.trunc(a / b))
Math.randomInt = max => Math.floor(Math.random() * (max + 1))

export {
    DeviceBuffer as Buffer,
    hexLiteral as hex,
    parseIntByStrtod as parseInt,
}
