/// Returns when one of the two does; the other one is cancelled.
func first(of one: @escaping @Sendable () async -> Void, _ other: @escaping @Sendable () async -> Void) async {
    await withTaskGroup(of: Void.self) { group in
        group.addTask(operation: one)
        group.addTask(operation: other)
        await group.next()
        group.cancelAll()
    }
}
