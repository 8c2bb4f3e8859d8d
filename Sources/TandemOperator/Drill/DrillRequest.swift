/// How a drill's report is written.
package enum DrillFormat: String, CaseIterable, Sendable {
    case text
    case json
    case junit
}

/// What a drill was asked for; `tandem drill --help` says what each is.
package struct DrillRequest: Sendable, Equatable {
    /// List the faults and do nothing.
    package var list: Bool
    var only: String?
    var repeats: Int
    var duration: Int
    var rate: Int
    var clients: Int
    var writers: Int?
    package var seed: UInt64?
    var format: DrillFormat
    var report: String?
    var compare: String?

    package init(
        list: Bool, only: String? = nil, repeats: Int, duration: Int, rate: Int, clients: Int, writers: Int? = nil,
        seed: UInt64? = nil, format: DrillFormat, report: String? = nil, compare: String? = nil
    ) {
        self.list = list
        self.only = only
        self.repeats = repeats
        self.duration = duration
        self.rate = rate
        self.clients = clients
        self.writers = writers
        self.seed = seed
        self.format = format
        self.report = report
        self.compare = compare
    }
}
