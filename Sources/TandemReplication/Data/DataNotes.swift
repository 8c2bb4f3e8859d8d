import Foundation
import Synchronization
public import TandemFailover

/// What a note says.
public enum Noted<Value: Sendable>: Sendable {
    case absent
    /// It cannot be read, or makes no sense: why. It counts as no note.
    case damaged(String)
    case noted(Value)

    public var value: Value? {
        if case .noted(let value) = self { return value }
        return nil
    }

    public var damage: String? {
        if case .damaged(let reason) = self { return reason }
        return nil
    }
}

extension Noted: Equatable where Value: Equatable {}

/// What data belongs to: which stack, and how far it has come in it.
public struct DataMembership: Hashable, Sendable {
    /// The `init` of the stack that it belongs to; nil: of none yet.
    public var knownCluster: ClusterID?
    /// The epoch for which it was compared and follows; 0: none.
    public var attachedEpoch: UInt64
    /// It was made for a new stack, and has never followed anybody nor been opened.
    public var isFresh: Bool

    public init(knownCluster: ClusterID? = nil, attachedEpoch: UInt64 = 0, isFresh: Bool = false) {
        self.knownCluster = knownCluster
        self.attachedEpoch = attachedEpoch
        self.isFresh = isFresh
    }
}

/// The agent's notes about a data directory, as files inside it: so they go where the data goes, and a copy, a restored
/// backup or another host's disk does not come with notes about other data. mysqld and CLONE leave files alone that
/// they do not know (a folder would be taken for a schema).
///
/// What a function here has written or deleted is on disk when it returns. Forms are as in docs/failover.md, and
/// frozen.
public struct DataNotes: Sendable {
    public let folder: DataFolder
    public let names: HostNames
    private let forms = KnownForms()

    public init(_ folder: DataFolder, names: HostNames) {
        self.folder = folder
        self.names = names
    }

    /// Of a damaged note nothing is known: whoever reads it must neither found a stack with this data nor follow
    /// without comparing, and `DataMembership()` says just that.
    public func membership() -> Noted<DataMembership> {
        read(Self.membershipFile, as: MembershipForm.self) { try $0.value }
    }

    public func note(_ membership: DataMembership) throws {
        try write(MembershipForm(membership), to: Self.membershipFile)
    }

    /// From then on it is not known what the data belongs to; see `membership()`.
    public func deleteMembership() throws { try DurableFile.remove(folder.file(Self.membershipFile)) }

    /// A note that names a host which these settings do not have is damaged: it must not be taken for one that fits.
    public func waiting(_ sources: inout GTIDSources) -> Noted<WaitingNote> {
        var known = sources
        let note = read(Self.waitingFile, as: WaitingForm.self) { form in
            let executed = try GTIDSet(text: form.executed, sources: &known)
            // Read after a heartbeat was committed. If it counted, all of the binary log could be cut.
            guard !executed.isEmpty else { throw DataError("it names no transaction") }
            return WaitingNote(pair: form.pair, executed: executed)
        }
        if case .noted = note { sources = known }
        return note
    }

    public func note(_ waiting: WaitingNote, _ sources: GTIDSources) throws {
        let form = WaitingForm(pair: waiting.pair, executed: waiting.executed.text(sources))
        try write(form, to: Self.waitingFile)
    }

    /// To be done before mysqld starts, and before the source side is switched off.
    public func deleteWaiting() throws { try DurableFile.remove(folder.file(Self.waitingFile)) }

    /// The start of the machine (`boot_id`) since which commits were not on disk when they were answered. After another
    /// start of it the data may be torn: what the logs have and what the tables have need not be the same. nil where
    /// there is no note. A damaged one may be of any start of the machine, so it is of none that there is: "".
    public func undurable() throws -> String? {
        guard let bytes = try DurableFile.read(folder.file(Self.undurableFile), bound: Self.bound) else { return nil }
        return (try? JSONDecoder().decode(UndurableForm.self, from: Data(bytes)))?.boot ?? ""
    }

    public func note(undurableIn boot: String) throws { try write(UndurableForm(boot: boot), to: Self.undurableFile) }

    /// Its disk has lost some of it.
    public func noteTorn() throws { try note(undurableIn: "") }

    /// To be done once all is on disk again; see `DataFolder.syncLogs()`.
    public func deleteUndurable() throws { try DurableFile.remove(folder.file(Self.undurableFile)) }

    public func hold() -> Noted<HoldOrder> {
        read(Self.holdFile, as: HoldForm.self) { HoldOrder(isHeld: $0.held, number: $0.number) }
    }

    public func note(_ hold: HoldOrder) throws {
        try write(HoldForm(held: hold.isHeld, number: hold.number), to: Self.holdFile)
    }

    /// The transactions that this data began with: no log of its own has ever had them, since CLONE copies none. So of
    /// a server that is down nothing else tells that it has them. Absent: nobody has asked this server yet.
    public func beginning() -> Noted<TransactionSet> {
        read(Self.beginningFile, as: BeginningForm.self) { try TransactionSet(text: $0.transactions) }
    }

    /// - Parameter beginning: `gtid_executed` of new data, or later `gtid_purged`, which has all of it.
    public func note(beginning: TransactionSet) throws {
        try write(BeginningForm(transactions: beginning.text), to: Self.beginningFile)
    }

    static let membershipFile = "tandem-membership.json"
    static let waitingFile = "tandem-waiting.json"
    static let holdFile = "tandem-hold.json"
    static let beginningFile = "tandem-beginning.json"
    static let undurableFile = "tandem-undurable.json"

    /// Sets with many gaps are long; anything longer than this is no note of ours.
    private static let bound = 16 << 20

    private func read<Form: Decodable & Sendable, Value: Sendable>(
        _ file: String, as form: Form.Type, _ value: (Form) throws -> Value
    ) -> Noted<Value> {
        do {
            guard let bytes = try DurableFile.read(folder.file(file), bound: Self.bound) else { return .absent }
            let known = try forms.form(of: file, bytes) {
                let decoder = JSONDecoder()
                decoder.userInfo[HostNames.key] = names
                return try decoder.decode(form, from: Data(bytes))
            }
            return .noted(try value(known))
        } catch let error as DecodingError {
            return .damaged("\(folder.file(file)) is damaged: \(error)")
        } catch {
            return .damaged("cannot use \(folder.file(file)): \(error)")
        }
    }

    private func write(_ form: some Encodable, to file: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        encoder.userInfo[HostNames.key] = names
        try DurableFile.replace(folder.file(file), with: Array(try encoder.encode(form)) + [UInt8(ascii: "\n")])
    }
}

/// `{"attached_epoch":3,"cluster":8731,"fresh":false}`
private struct MembershipForm: Codable {
    var cluster: ClusterID?
    var attachedEpoch: UInt64
    var fresh: Bool

    enum CodingKeys: String, CodingKey {
        case cluster, fresh
        case attachedEpoch = "attached_epoch"
    }

    init(_ membership: DataMembership) {
        cluster = membership.knownCluster
        attachedEpoch = membership.attachedEpoch
        fresh = membership.isFresh
    }

    var value: DataMembership {
        get throws {
            // Nobody follows with data that has never followed: one of the two is not so.
            guard !fresh || attachedEpoch == 0 else { throw DataError("it says fresh, and followed in an epoch") }
            return DataMembership(knownCluster: cluster, attachedEpoch: attachedEpoch, isFresh: fresh)
        }
    }
}

/// `{"acknowledger":"server2","epoch":3,"executed":"UUID:1-5"}`
private struct WaitingForm: Codable {
    var pair: WaitingPair
    var executed: String

    enum CodingKeys: String, CodingKey {
        case executed
    }

    init(pair: WaitingPair, executed: String) {
        self.pair = pair
        self.executed = executed
    }

    init(from decoder: any Decoder) throws {
        pair = try WaitingPair(from: decoder)
        executed = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .executed)
    }

    func encode(to encoder: any Encoder) throws {
        try pair.encode(to: encoder)
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(executed, forKey: .executed)
    }
}

/// `{"boot":"6c0f3b1e-…"}`
private struct UndurableForm: Codable {
    var boot: String
}

/// `{"held":true,"number":7}`
private struct HoldForm: Codable {
    var held: Bool
    var number: UInt64
}

/// `{"transactions":"UUID:1-5"}`
private struct BeginningForm: Codable {
    var transactions: String
}

/// What each file said when it was last read. Some are looked at with every look at a server, and change with its role:
/// bytes that are the same are not decoded again.
private final class KnownForms: Sendable {
    private let forms = Mutex<[String: (bytes: [UInt8], form: any Sendable)]>([:])

    func form<Form: Sendable>(of file: String, _ bytes: [UInt8], decode: () throws -> Form) rethrows -> Form {
        if let known = forms.withLock({ $0[file] }), known.bytes == bytes, let form = known.form as? Form {
            return form
        }
        let form = try decode()
        forms.withLock { $0[file] = (bytes, form) }
        return form
    }
}
