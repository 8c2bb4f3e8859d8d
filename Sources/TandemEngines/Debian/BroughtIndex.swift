import Foundation

/// What stands beside an index and packages that another machine has fetched: apt here is to use them as they are.
struct BroughtIndex: Codable, Sendable, Equatable {
    static let name = "brought.json"

    /// Whose index it is; apt names the index's files by them.
    var sources: [AptSource]

    /// - Parameter folder: of a workspace. nil: nothing was brought there.
    static func read(_ folder: String) throws -> BroughtIndex? {
        let path = "\(folder)/\(name)"
        guard let bytes = try readFile(path) else { return nil }
        do { return try JSONDecoder().decode(BroughtIndex.self, from: bytes) } catch {
            throw EngineError(
                .folder, doing: "read \(path)", what: "it is damaged: \(error)",
                next: "Delete \(folder), and try again.")
        }
    }

    func write(_ folder: String) throws {
        try writeFileAtomically("\(folder)/\(Self.name)", try JSONEncoder().encode(self))
    }
}
