/// The `drill` section: what `tandem drill` asks of the app, and what it promises. It changes nothing of what runs.
public struct Drill: Sendable, Equatable {
    /// How a drill writes, and how it finds out afterwards what the app has.
    public struct Write: Sendable, Equatable {
        public var path: String
        /// With `{text}`, which the app has to keep.
        public var body: String
        public var contentType: String
        /// A path that shows a write to the visitor who made it; nil: stale reads are not looked for.
        public var reread: String?
        /// With `{text}` for one write, or with `{offset}` for a page of them, the newest first.
        public var check: String
        /// How many entries a page has.
        public var checkStep: Int

        public init(
            path: String, body: String, contentType: String, reread: String?, check: String, checkStep: Int
        ) {
            self.path = path
            self.body = body
            self.contentType = contentType
            self.reread = reread
            self.check = check
            self.checkStep = checkStep
        }
    }

    /// What users may feel of one fault.
    public struct Budgets: Sendable, Equatable {
        public var readPauseSeconds: Int
        public var writePauseSeconds: Int
        public var recoverySeconds: Int
        /// Beside those that are under way when the fault strikes.
        public var failedWrites: Int

        public init(
            readPauseSeconds: Int = 5, writePauseSeconds: Int = 15, recoverySeconds: Int = 45, failedWrites: Int = 0
        ) {
            self.readPauseSeconds = readPauseSeconds
            self.writePauseSeconds = writePauseSeconds
            self.recoverySeconds = recoverySeconds
            self.failedWrites = failedWrites
        }
    }

    /// A path; nil: where the app is not known, its health path.
    public var read: String?
    /// nil: nothing is written, unless the app is one that the drill knows.
    public var write: Write?
    public var budgets: Budgets

    public init(read: String? = nil, write: Write? = nil, budgets: Budgets = Budgets()) {
        self.read = read
        self.write = write
        self.budgets = budgets
    }
}
