import NIOCore

/// Writes JSON straight into a buffer. A list of articles is most of what this application sends, and Foundation's
/// encoder took most of its time.
struct JSONWriter {
    private(set) var buffer: ByteBuffer

    init(capacity: Int) { buffer = ByteBufferAllocator().buffer(capacity: capacity) }

    /// Structure: brackets, commas, keys.
    mutating func raw(_ text: StaticString) { buffer.writeStaticString(text) }

    mutating func number(_ number: Int) { buffer.writeString(String(number)) }

    mutating func string(_ text: String) {
        var text = text
        raw("\"")
        text.withUTF8 { bytes in
            var start = 0
            for (index, byte) in bytes.enumerated()
            where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                buffer.writeBytes(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start..<index]))
                writeEscape(byte)
                start = index + 1
            }
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start...]))
        }
        raw("\"")
    }

    mutating func strings(_ texts: [String]) {
        list(texts) { $0.string($1) }
    }

    mutating func list<Element>(_ elements: [Element], _ write: (inout JSONWriter, Element) -> Void) {
        raw("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { raw(",") }
            write(&self, element)
        }
        raw("]")
    }

    private mutating func writeEscape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): raw("\\\"")
        case UInt8(ascii: "\\"): raw("\\\\")
        case 0x0A: raw("\\n")
        case 0x0D: raw("\\r")
        case 0x09: raw("\\t")
        default: buffer.writeString("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
        }
    }
}
