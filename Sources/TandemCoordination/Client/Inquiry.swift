/// One request on its way to one member after the other.
///
/// A second member is asked beside the first one when that is slow, and the request may be repeated. After a failure the next one
/// is asked if it may be repeated, or certainly never left.
struct Inquiry<Value: WireAnswer>: Sendable {
    let call: EtcdCall
    let endpoints: [EtcdEndpoint]
    let deadline: Duration
    let patience: Duration
    let transport: EtcdTransport
    let order: EndpointOrder

    private enum Step: Sendable {
        case ended(EtcdEndpoint, Result<Answer<Value>, CoordinationError>)
        case isSlow(EtcdEndpoint)
        case isOver
    }

    func run() async -> Result<Answer<Value>, CoordinationError> {
        await withTaskGroup(of: Step.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                try? await Task.sleep(for: deadline)
                return .isOver
            }
            var rest = endpoints[...]
            var running = Set<EtcdEndpoint>()
            var last: CoordinationError?
            begin(&rest, &running, in: &group)
            while let step = await group.next() {
                switch step {
                case .isOver where Task.isCancelled, .isSlow where Task.isCancelled,
                    .ended(_, .failure) where Task.isCancelled:
                    return .failure(.cancelled(call.doing))
                case .isOver:
                    for endpoint in running { order.didFail(endpoint) }
                    return .failure(.late(call.doing, deadline, last))
                case .isSlow(let endpoint):
                    guard running.contains(endpoint) else { continue }
                    order.didFail(endpoint)
                    if call.isRepeatable { begin(&rest, &running, in: &group) }
                case .ended(let endpoint, .success(let answer)):
                    order.didAnswer(endpoint)
                    return .success(answer)
                case .ended(let endpoint, .failure(let error)):
                    running.remove(endpoint)
                    order.didFail(endpoint)
                    last = error
                    if call.isRepeatable || !error.mayHaveArrived { begin(&rest, &running, in: &group) }
                    if running.isEmpty { return .failure(error) }
                }
            }
            return .failure(.cancelled(call.doing))
        }
    }

    private func begin(
        _ rest: inout ArraySlice<EtcdEndpoint>, _ running: inout Set<EtcdEndpoint>, in group: inout TaskGroup<Step>
    ) {
        guard let endpoint = rest.popFirst() else { return }
        running.insert(endpoint)
        group.addTask {
            do throws(CoordinationError) {
                return .ended(
                    endpoint, .success(try await transport.ask(call, endpoint, as: Value.self, deadline: deadline)))
            } catch {
                return .ended(endpoint, .failure(error))
            }
        }
        group.addTask {
            try? await Task.sleep(for: patience)
            return .isSlow(endpoint)
        }
    }
}
