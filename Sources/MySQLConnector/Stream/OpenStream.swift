import Synchronization

/// A result that is being read piece by piece, as its connection and its reader know it.
final class OpenStream: Sendable {
    let statement: String
    let columns: [MySQLColumn]
    let file: String
    let line: Int
    private let abandoned = Mutex(false)

    init(statement: String, columns: [MySQLColumn], file: String, line: Int) {
        self.statement = statement
        self.columns = columns
        self.file = file
        self.line = line
    }

    /// Its reader has gone; whoever needs the connection next may end it.
    var isAbandoned: Bool { abandoned.withLock { $0 } }

    func abandon() { abandoned.withLock { $0 = true } }
}
