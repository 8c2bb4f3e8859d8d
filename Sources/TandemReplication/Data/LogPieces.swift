import Glibc

/// The parts of a server's logs that hold certain transactions.
struct LogPieces: Sendable {
    struct Piece: Sendable {
        var path: String
        var format: Range<UInt64>
        var ranges: [Range<UInt64>]

        mutating func append(_ range: Range<UInt64>) {
            if let last = ranges.last, last.upperBound == range.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
            } else {
                ranges.append(range)
            }
        }
    }

    /// In the order of the logs, the binary log first.
    private(set) var pieces: [Piece] = []
    /// Those that were looked for and are there.
    private(set) var found = TransactionSet()
    /// Those of them that hold more than the agents' heartbeats.
    private(set) var exported = TransactionSet()

    var paths: [String] { pieces.map(\.path) }

    static func find(_ wanted: TransactionSet, in folder: DataFolder) throws -> LogPieces {
        var result = LogPieces()
        var left = wanted
        for base in [folder.binaryLog, folder.relayLog] {
            var pieces: [Piece] = []
            // What is looked for is mostly at the end.
            for path in try folder.logs(base).reversed() where !left.isEmpty {
                pieces += try result.look(for: &left, in: path).reversed()
            }
            result.pieces += pieces.reversed()
        }
        return result
    }

    private mutating func look(for left: inout TransactionSet, in path: String) throws -> [Piece] {
        var pieces: [Piece] = []
        var here = TransactionSet.Builder()
        var kept = TransactionSet.Builder()
        let wanted = left
        let summary = try LogScan.run(path) { transaction in
            let gtid = transaction.gtid
            guard wanted.contains(gtid.source, gtid.number) else { return }
            here.insert(gtid.source, gtid.number...gtid.number)
            guard !transaction.isOnlyHeartbeat else { return }
            kept.insert(gtid.source, gtid.number...gtid.number)
            if pieces.last?.format != transaction.format {
                pieces.append(Piece(path: path, format: transaction.format, ranges: []))
            }
            pieces[pieces.count - 1].append(transaction.bytes)
        }
        guard summary != nil else { throw DataError("\(path) is missing, though the index of logs names it") }
        let found = here.set()
        left = left.subtracting(found)
        self.found = self.found.union(found)
        exported = exported.union(kept.set())
        return pieces
    }

    /// Writes logs that have these transactions and nothing else.
    /// - Returns: their paths.
    func copy(to folder: String) throws -> [String] {
        try pieces.enumerated().map { place, piece in
            let path = "\(folder)/piece-\(place)"
            let target = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard target >= 0 else { throw DataError.file("write", path) }
            defer { close(target) }
            guard var source = try LogBytes(piece.path) else { throw DataError("\(piece.path) is gone") }
            for range in [0..<4, piece.format] + piece.ranges {
                var offset = range.lowerBound
                while offset < range.upperBound {
                    let count = Int(min(1 << 18, range.upperBound - offset))
                    guard let bytes = try source.with(offset, count, { Array($0) }) else {
                        throw DataError("\(piece.path) became shorter while it was read")
                    }
                    guard DurableFile.writeAll(bytes, to: target) else { throw DataError.file("write", path) }
                    offset += UInt64(count)
                }
            }
            return path
        }
    }
}
