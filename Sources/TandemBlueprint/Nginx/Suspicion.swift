/// How long nginx leaves another host alone whose app it could not reach (`fail_timeout`). Whoever restarts services
/// one after the other lets this pass in between, so that all who serve again are asked again before the next one goes.
public enum Suspicion {
    public static let seconds = 1
    /// Until everybody sends requests there again, the balancers' checks included.
    public static let pause = Duration.milliseconds(1000 * seconds + 500)
}
