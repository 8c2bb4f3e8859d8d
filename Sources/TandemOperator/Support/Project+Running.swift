import TandemAgent

extension Project {
    /// The stack as its keeper knows it; nil when no keeper runs.
    package var running: AppliedStack? {
        let keeping = StackKeeping.load(folder)
        guard keeping.isAlive, keeping.phase == .running else { return nil }
        return applied
    }
}
