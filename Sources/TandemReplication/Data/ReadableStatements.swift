/// mysqlbinlog writes a row's values as `### @1=7`. With `binlog_row_metadata = FULL` the log has the columns' names,
/// which it writes as a comment of the table.
enum ReadableStatements {
    /// The same text with `###   id=7`. Bytes, since the rows' text may be in any character set.
    static func named(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + text.count / 8)
        var names = ColumnNames()
        // Comments of rows follow a BINLOG statement. Elsewhere such a line is part of somebody's statement.
        var isAmongRows = false
        for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if line.elementsEqual(endOfRows) {
                isAmongRows = true
            } else if !line.starts(with: rows) {
                isAmongRows = false
            }
            names.read(line)
            if isAmongRows, let (number, rest) = value(line), let name = names[number] {
                result += rows + Array("   ".utf8) + name + rest
            } else {
                result += line
                names.beginRow(line)
            }
            result.append(UInt8(ascii: "\n"))
        }
        // Between the lines, not behind the last.
        result.removeLast()
        return result
    }

    fileprivate static let rows = Array("###".utf8)
    private static let endOfRows = Array("'/*!*/;".utf8)
    private static let valueStart = Array("###   @".utf8)

    /// The column's number, and the line from `=` on.
    private static func value(_ line: ArraySlice<UInt8>) -> (Int, ArraySlice<UInt8>)? {
        guard line.starts(with: valueStart) else { return nil }
        let rest = line.dropFirst(valueStart.count)
        let digits = rest.prefix { (48...57).contains($0) }
        guard digits.count <= 4, let number = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
        let value = rest.dropFirst(digits.count)
        return value.first == UInt8(ascii: "=") ? (number, value) : nil
    }
}

/// The columns of each table that was described last.
private struct ColumnNames {
    private var columns: [[UInt8]: [[UInt8]]] = [:]
    private var described: [UInt8]?
    private var present: [[UInt8]] = []

    private static let map = Array("Table_map: ".utf8)
    private static let mapped = Array(" mapped to number ".utf8)
    private static let first = Array("# Columns(".utf8)
    private static let next = Array("#         ".utf8)
    private static let verbs = ["### INSERT INTO ", "### UPDATE ", "### DELETE FROM "].map { Array($0.utf8) }

    mutating func read(_ line: ArraySlice<UInt8>) {
        if line.first == UInt8(ascii: "#"), let table = Self.table(line) {
            described = table
            columns[table] = []
        } else if let described, line.starts(with: Self.first) {
            append(line.dropFirst(Self.first.count), to: described)
        } else if let described, line.starts(with: Self.next), columns[described]?.isEmpty == false {
            append(line.dropFirst(Self.next.count), to: described)
        } else {
            described = nil
        }
    }

    /// `` #… Table_map: `shop`.`t` mapped to number 106``
    private static func table(_ line: ArraySlice<UInt8>) -> [UInt8]? {
        guard let start = line.firstRange(of: map)?.upperBound, let end = line.lastRange(of: mapped)?.lowerBound,
            start < end
        else { return nil }
        return Array(line[start..<end])
    }

    /// A name in backquotes, then its type.
    private mutating func append(_ text: ArraySlice<UInt8>, to table: [UInt8]) {
        let quote = UInt8(ascii: "`")
        guard text.first == quote else { return }
        var end = text.startIndex + 1
        while end < text.endIndex {
            if text[end] == quote {
                // Twice is one in the name.
                guard end + 1 < text.endIndex, text[end + 1] == quote else { break }
                end += 1
            }
            end += 1
        }
        guard end < text.endIndex else { return }
        columns[table]?.append(Array(text[...end]))
    }

    mutating func beginRow(_ line: ArraySlice<UInt8>) {
        for verb in Self.verbs where line.starts(with: verb) {
            present = columns[Array(line.dropFirst(verb.count))] ?? []
        }
    }

    subscript(number: Int) -> [UInt8]? {
        present.indices.contains(number - 1) ? present[number - 1] : nil
    }
}

extension ArraySlice<UInt8> {
    fileprivate func firstRange(of words: [UInt8]) -> Range<Int>? {
        guard count >= words.count else { return nil }
        return (startIndex...endIndex - words.count).first { self[$0..<$0 + words.count].elementsEqual(words) }.map {
            $0..<$0 + words.count
        }
    }

    fileprivate func lastRange(of words: [UInt8]) -> Range<Int>? {
        guard count >= words.count else { return nil }
        return (startIndex...endIndex - words.count).last { self[$0..<$0 + words.count].elementsEqual(words) }.map {
            $0..<$0 + words.count
        }
    }
}
