/// First in, first out, with removal from the middle. All wait equally long, so that deadlines are in order too.
struct WaiterQueue {
    private var order: [Int] = []
    private var head = 0
    private var deadlines: [Int: Duration] = [:]

    var count: Int { deadlines.count }

    var firstDeadline: Duration? {
        mutating get {
            dropRemoved()
            return head < order.count ? deadlines[order[head]] : nil
        }
    }

    mutating func append(_ waiter: Int, deadline: Duration) {
        order.append(waiter)
        deadlines[waiter] = deadline
    }

    mutating func popFirst() -> Int? {
        dropRemoved()
        guard head < order.count else { return nil }
        let waiter = order[head]
        deadlines[waiter] = nil
        dropRemoved()
        return waiter
    }

    mutating func remove(_ waiter: Int) -> Bool { deadlines.removeValue(forKey: waiter) != nil }

    mutating func removeExpired(at now: Duration) -> [Int] {
        var expired: [Int] = []
        while let deadline = firstDeadline, deadline <= now, let waiter = popFirst() { expired.append(waiter) }
        return expired
    }

    mutating func removeAll() -> [Int] {
        var all: [Int] = []
        while let waiter = popFirst() { all.append(waiter) }
        return all
    }

    private mutating func dropRemoved() {
        while head < order.count, deadlines[order[head]] == nil { head += 1 }
        guard head > 64, head * 2 > order.count else { return }
        order.removeFirst(head)
        head = 0
    }
}
