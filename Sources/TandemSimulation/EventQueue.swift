/// What is yet to happen, in order of time, then of being scheduled: a binary heap of small entries, whose payloads lie
/// in slots that are used again.
struct EventQueue: Sendable {
    private struct Entry: Sendable {
        var time: Int64
        var order: UInt32
        var slot: UInt32

        @inline(__always)
        func precedes(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : order < other.order
        }
    }

    private var heap: [Entry] = []
    private var slots: [Happening] = []
    private var free: [UInt32] = []
    private var nextOrder: UInt32 = 0
    /// While it collects, what is pushed lies here in no order, for somebody else to choose from.
    var collects = false
    var collected: [Happening] = []

    var isEmpty: Bool { heap.isEmpty }
    var nextTime: Int64? { heap.first?.time }

    mutating func removeAll() {
        heap.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        free.removeAll(keepingCapacity: true)
        nextOrder = 0
    }

    mutating func drain() -> [Happening] {
        var all: [Happening] = []
        while let (_, slot) = pop() { all.append(take(slot)) }
        return all
    }

    mutating func push(_ happening: Happening, at time: Int64) {
        if collects {
            collected.append(happening)
            return
        }
        let slot: UInt32
        if let unused = free.popLast() {
            slot = unused
            slots[Int(slot)] = happening
        } else {
            slot = UInt32(truncatingIfNeeded: slots.count)
            slots.append(happening)
        }
        let entry = Entry(time: time, order: nextOrder, slot: slot)
        nextOrder &+= 1
        heap.append(entry)
        heap.withUnsafeMutableBufferPointer { heap in
            var child = heap.count - 1
            while child > 0 {
                let parent = (child - 1) >> 1
                guard entry.precedes(heap[parent]) else { break }
                heap[child] = heap[parent]
                child = parent
            }
            heap[child] = entry
        }
    }

    /// What happens next, to be fetched with `take` before anything is pushed.
    @inline(__always)
    mutating func pop() -> (time: Int64, slot: UInt32)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty { sink(last) }
        free.append(first.slot)
        return (first.time, first.slot)
    }

    /// Moved out: a copy would count the references inside.
    @inline(__always)
    mutating func take(_ slot: UInt32) -> Happening {
        slots.withUnsafeMutableBufferPointer { slots in
            let happening = slots.moveElement(from: Int(slot))
            slots.initializeElement(at: Int(slot), to: .audit)
            return happening
        }
    }

    private mutating func sink(_ entry: Entry) {
        heap.withUnsafeMutableBufferPointer { heap in
            let count = heap.count
            var parent = 0
            while true {
                var child = 2 * parent + 1
                guard child < count else { break }
                if child + 1 < count, heap[child + 1].precedes(heap[child]) { child += 1 }
                guard heap[child].precedes(entry) else { break }
                heap[parent] = heap[child]
                parent = child
            }
            heap[parent] = entry
        }
    }
}
