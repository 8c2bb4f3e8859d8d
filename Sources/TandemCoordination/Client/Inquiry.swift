/// One request on its way to one member after the other.
///
/// A second member is asked beside the first one when that is slow, and the request may be repeated. After a failure
/// the next one is asked if it may be repeated, or certainly never left.
struct Inquiry<Value: WireAnswer>: Sendable {
    let call: EtcdCall
    let endpoints: [EtcdEndpoint]
    let deadline: Duration
    let patience: Duration
    let transport: EtcdTransport
    let order: EndpointOrder

    /// What happened to one of the members that were asked, by its place in `endpoints`; neither place nor result: the
    /// deadline has passed. An enumeration with a generic payload was read wrongly by optimised builds of Swift 6.3:
    /// the member's name was not one.
    private struct Step: Sendable {
        var place: Int?
        /// nil: it is slow.
        var result: Result<Answer<Value>, CoordinationError>?
    }

    func run() async -> Result<Answer<Value>, CoordinationError> {
        await withTaskGroup(of: Step.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                try? await Task.sleep(for: deadline)
                return Step()
            }
            var next = 0
            var running = Set<Int>()
            var last: CoordinationError?
            begin(&next, &running, in: &group)
            while let step = await group.next() {
                if let place = step.place, let result = step.result, let answer = try? result.get() {
                    order.didAnswer(endpoints[place])
                    return .success(answer)
                }
                if Task.isCancelled { return .failure(.cancelled(call.doing)) }
                guard let place = step.place else {
                    for place in running { order.didFail(endpoints[place]) }
                    return .failure(.late(call.doing, deadline, last))
                }
                if case .failure(let error) = step.result {
                    running.remove(place)
                    order.didFail(endpoints[place])
                    last = error
                    if call.isRepeatable || !error.mayHaveArrived { begin(&next, &running, in: &group) }
                    if running.isEmpty { return .failure(error) }
                } else if running.contains(place) {
                    order.didFail(endpoints[place])
                    if call.isRepeatable { begin(&next, &running, in: &group) }
                }
            }
            return .failure(.cancelled(call.doing))
        }
    }

    private func begin(_ next: inout Int, _ running: inout Set<Int>, in group: inout TaskGroup<Step>) {
        guard next < endpoints.count else { return }
        let place = next
        let endpoint = endpoints[place]
        next += 1
        running.insert(place)
        group.addTask {
            do throws(CoordinationError) {
                let answer = try await transport.ask(call, endpoint, as: Value.self, deadline: deadline)
                return Step(place: place, result: .success(answer))
            } catch {
                return Step(place: place, result: .failure(error))
            }
        }
        group.addTask {
            try? await Task.sleep(for: patience)
            return Step(place: place)
        }
    }
}
