import AsyncHTTPClient
import NIOCore

/// Changes of keys as etcd tells them, over as many connections as it takes.
///
/// Nothing is buffered but what came in one piece: whoever does not ask holds etcd up, which then tells less often. The
/// sequence ends when its task is cancelled, or when the client has too many watches.
public struct EtcdWatch: AsyncSequence, Sendable {
    public typealias Element = WatchEvent
    public typealias Failure = Never

    let client: EtcdClient
    let keys: KeyRange
    let start: Revision?

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(client: client, keys: keys, start: start) }

    public struct AsyncIterator: AsyncIteratorProtocol {
        private let client: EtcdClient
        private let keys: KeyRange
        private var progress: WatchProgress
        private let doing: String
        private var place: RequestLimit.Place?
        private var body: HTTPClientResponse.Body.AsyncIterator?
        private var endpoint: EtcdEndpoint?
        private var splitter: LineSplitter
        /// Lines that came together.
        private var lines: ArraySlice<[UInt8]> = []
        private var failures = 0
        private var isOver = false

        init(client: EtcdClient, keys: KeyRange, start: Revision?) {
            self.client = client
            self.keys = keys
            doing = "watch \(keys) in etcd"
            progress = WatchProgress(from: start, doing: doing)
            splitter = LineSplitter(bound: client.configuration.maximumWatchBytes)
        }

        public mutating func next() async -> WatchEvent? {
            guard !isOver else { return nil }
            if place == nil {
                place = client.watches.enter()
                guard place != nil else {
                    isOver = true
                    return .interrupted(.tooMany(doing, client.configuration.maximumWatches))
                }
            }
            while !Task.isCancelled {
                if let line = lines.popFirst() {
                    switch progress.take(line) {
                    case .nothing: continue
                    case .tell(let event):
                        failures = 0
                        return event
                    case .reconnect(let event):
                        if case .interrupted = event {
                            disconnect(isFailure: true)
                        } else {
                            disconnect(isFailure: false)
                        }
                        return event
                    }
                }
                if let interruption = await receive() {
                    guard !Task.isCancelled else { break }
                    disconnect(isFailure: true)
                    return .interrupted(interruption)
                }
            }
            isOver = true
            disconnect(isFailure: false)
            place = nil
            return nil
        }

        /// Gets more lines, after connecting where there is no connection.
        private mutating func receive() async -> CoordinationError? {
            do {
                if body == nil { try await connect() }
                guard let bytes = try await body?.next() else {
                    return progress.interruption(.connectionLost, "\(where_): the answer ended")
                }
                lines = try splitter.add(bytes.readableBytesView)[...]
                return nil
            } catch let error as CoordinationError {
                return error
            } catch is LineSplitter.TooLong {
                return progress.interruption(.answerTooLarge, "\(where_): one answer is longer than this client takes")
            } catch {
                return EtcdTransport.failure(error, doing, endpoint ?? client.order.all[0])
            }
        }

        private var where_: String { endpoint.map { "\($0)" } ?? "no member" }

        private mutating func connect() async throws {
            if failures > 0 { try await Task.sleep(for: WatchProgress.backoff(failures: failures)) }
            let endpoint = client.order.all[failures % client.configuration.endpoints.count]
            self.endpoint = endpoint
            let call = try EtcdCall(
                "/v3/watch", .watch(keys, from: progress.next), doing: doing, isRepeatable: true)
            body = try await client.transport.open(call, endpoint, deadline: client.configuration.deadline)
        }

        private mutating func disconnect(isFailure: Bool) {
            body = nil
            lines = []
            splitter = LineSplitter(bound: client.configuration.maximumWatchBytes)
            if isFailure { failures += 1 }
        }
    }
}

extension EtcdClient {
    /// Hears of changes of keys.
    /// - Parameter revision: the first that is of interest; nil: from the first `started` on. After a read, its
    ///   header's revision plus one.
    public func watch(_ keys: KeyRange, from revision: Revision? = nil) -> EtcdWatch {
        EtcdWatch(client: self, keys: keys, start: revision)
    }
}
