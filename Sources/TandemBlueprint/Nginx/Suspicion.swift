/// How long nginx leaves an app alone that it could not reach (`fail_timeout`). Whoever restarts apps one after the other
/// lets this pass in between: until then one that serves again is sent nothing, and the next one would be the last.
public enum Suspicion {
    public static let seconds = 1
    /// Until everybody sends requests there again, the balancers' checks included.
    public static let pause = Duration.milliseconds(1000 * seconds + 500)
}
