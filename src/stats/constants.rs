//! The constants of the method, each with its unit and its source.
//!
//! "Chosen by ablation" means: on simulated estates of about 2,400 identities with labelled attacks, the value was
//! compared with its neighbours by detections at 5 and at 20 false alerts a day, on seeds not used to report results.
//! Constants that belong to a sketch are declared there and repeated here, so that all can be read in one place.

pub use crate::sketch::WEEKS_KEPT;
pub use crate::sketch::distinct::EXACT_MAX as DISTINCT_EXACT_MAX;
pub use crate::sketch::distribution::{INTERVAL_RATIO_MAX, TAIL_RULE_DAYS, TAIL_RULE_QUANTILE};
pub use crate::sketch::tail::{
    ENTRIES_PER_EXCEEDANCE, EXCEEDANCES_MAX, EXCEEDANCES_MIN, SHAPE_MAX, SHAPE_SHRINKAGE,
};

// The generation.

/// Days that a baseline covers: four of each weekday. All measurements used it; others were not compared.
pub const LOOKBACK_DAYS: i32 = 28;
/// Days after which a day's weight has halved. Chosen by ablation: at 5 alerts a day 14 detects more than 7 and 60, at 20 a
/// day all are alike.
pub const HALF_LIFE_DAYS: f64 = 14.0;
/// The most active windows of one day that count: this limits the effect of one day on a baseline. Chosen by ablation: 10
/// and no cap detect the same, and a cap is what limits poisoning.
pub const NIGHT_WINDOWS_MAX: f64 = 30.0;

// Peers.

/// The fewest members, or windows of a member, from which a prior is fitted. A judgement, not measured: variances from
/// fewer are noise.
pub const MEMBERS_MIN: usize = 5;
/// Active windows (weight) from which an entity counts as a member.
pub const MEMBER_WINDOWS_MIN: f64 = 5.0;
/// The most windows of one member that count in the pooled variance, so that busy services do not dominate it.
pub const MEMBER_WINDOWS_SAY_MAX: f64 = 20.0;
/// Where fewer have enough windows, all count who have any: pseudo-windows of the built-in variance within a member that are added then …
pub const FEW_WINDOWS_DOUBT: f64 = 10.0;
/// … and pseudo-members of the built-in variance between members. A judgement, as that of [`STEADY_DOUBT`]: five that are alike by chance
/// prove nothing.
pub const FEW_MEMBERS_DOUBT: f64 = 4.0;
/// Days of exposure (weight) from which an entity counts for rates.
pub const RATE_EXPOSURE_MIN: f64 = 3.0;
/// The least rate of a group, in active windows a day.
pub const RATE_MIN: f64 = 1e-4;
/// The least variance of rates between members, as a fraction of the squared mean rate.
pub const RATE_SPREAD_MIN: f64 = 0.1;
/// The least weight of the rate prior, in days of exposure.
pub const RATE_PRIOR_DAYS_MIN: f64 = 0.25;
/// The greatest weight of the rate prior, in days of exposure.
pub const RATE_PRIOR_DAYS_MAX: f64 = 20.0;
/// The least variance between members, as a fraction of the variance within: no identity is exactly like its peers.
pub const BETWEEN_SHARE_MIN: f64 = 0.05;

// Volume.

/// The least variance of ln(1+x). Chosen by ablation: 0.1 loses slow enumeration, 0.003 changes nothing.
pub const VARIANCE_MIN: f64 = 0.02;
/// Weight of the peers' variance in an entity's own, in pseudo-windows. Chosen by ablation among 6, 20, 60 and 200.
pub const VARIANCE_PRIOR_WINDOWS: f64 = 60.0;
/// Fraction of its peers' variance below which an entity's own counts as steady: half their standard deviation.
pub const STEADY_RATIO: f64 = 0.25;
/// Pseudo-windows of the peers' variance that are added before an entity counts as steady, so that a few windows that are
/// alike by chance prove nothing.
pub const STEADY_DOUBT: f64 = 10.0;
/// The least fraction of their usual weight that peers keep in the variance of a steady entity: 6 windows, the least value
/// of the ablation.
pub const STEADY_SAY_MIN: f64 = 0.1;
/// The most degrees of freedom of the predictive distribution. They set the model of the tail: without it, real series give
/// 5 to 23 times the predicted alerts.
pub const FREEDOM_MAX: f64 = 20.0;
/// Added to a whole amount before its logarithm is taken: the middle between x − 1 and x, on the scale of ln(1+x).
pub const CONTINUITY: f64 = 0.5;

// Novelty.

/// Weight of the peers' hazard in an entity's own, in days. All measurements used it.
pub const HAZARD_PRIOR_DAYS: f64 = 15.0;
/// Days of a store before the first days of identities count as those of newcomers: of an identity that is seen for the first
/// time before, nobody knows whether it is new. A week, so that what happens once a week was seen once.
pub const SETTLED_DAYS: i32 = 7;
/// Taken, in nats, from the surprise of a value that an entity without history shows, where nobody was new lately: a third of
/// all new values is as rare. A judgement, not measured.
pub const NEWCOMER_ALLOWANCE: f64 = 1.0;
/// The same while nobody of the estate has been seen on a second day, so that nobody could be known for anything: all that the formula gives
/// without evidence, a half for the hazard and a half for the tail. It is 2 ln 2, rounded up.
pub const NOBODY_KNOWN_ALLOWANCE: f64 = 1.39;
/// Classes of support: none, 1, 2–3, 4–7, …, 1,024 and more entities.
pub const SUPPORT_BUCKETS: usize = 12;
/// The most values of a trait that are remembered of an entity.
pub const TRAIT_VALUES_MAX: usize = 16;
/// The most buckets that are remembered of an entity, and the most prefixes, regions of work and blinded logs.
pub const KNOWN_BUCKETS_MAX: usize = 64;
/// Days for which a value is kept after it was last seen.
pub const TRAIT_MEMORY_DAYS: i32 = 90;
/// UTC days for which an identity is new, including the first. Chosen by ablation: 7 find no more and alert more often.
pub const NEWNESS_DAYS: i32 = 2;
/// The fewest amounts in a role's histogram; with fewer, its parent is used.
pub const ROLE_AMOUNTS_MIN: u64 = 200;

// Arms.

/// The factor on volume on a day without unusual context. Chosen on a labelled estate that was used for nothing else.
pub const DAMPING_WITHOUT_CONTEXT: f64 = 0.7;
/// Unfamiliar events with which half of what familiarity takes from a sum is given back. A judgement, not measured: one event may be a
/// slip, and tens are what was done.
pub const UNFAMILIAR_HALF: f64 = 10.0;
/// Days for which the declared weight of a sweep counts against how often peers make one. A judgement, not measured.
pub const SWEEP_PRIOR_DAYS: f64 = 15.0;
/// Weight, in nats, of reading the posture of many buckets within seconds. Chosen likewise.
pub const POSTURE_SWEEP_WEIGHT: f64 = 4.0;
/// Weight, in nats, of sending sensitive data to an account that is not ours. Chosen likewise.
pub const SENSITIVE_TRANSFER_WEIGHT: f64 = 7.0;
/// Surprise of access (nats) from which a new identity's access counts as a step of exfiltration.
pub const NEW_IDENTITY_ACCESS_MIN: f64 = 1.0;

// Score.

/// Whole stored days from which ranks use the stored distribution rather than raw surprise.
pub const DAYS_CALIBRATED_MIN: u32 = 7;
/// The most extreme entity-days of each stored day that are kept by name: twenty times what a person reviews, and bounded
/// for an estate of any size.
pub const EXTREMES_PER_DAY_MAX: usize = 1_000;
/// Subtracted, in decades, from a raw surprise until then: the frequency that it implies may be up to four times too low.
pub const PROVISIONAL_DISCOUNT: f64 = 0.6;
/// The most surprise, in decades, that the first days can make a budget ask for until scores are calibrated: what tools do within minutes
/// is beyond it on any estate, and what a few loud days show must not hide it.
pub const EARLY_SURPRISE_MAX: f64 = 5.0;
/// Decades of surprise for which the score is 90; each further step of this size leaves a tenth of the distance to 100.
pub const DECADES_PER_NINE: f64 = 3.0;
/// The least surprise that a budget may ask for, in decades: one entity-day in ten. Not measured: below it there is nothing
/// unusual to report, however many alerts can be reviewed.
pub const SURPRISE_MIN: f64 = 1.0;
/// Days of a store that are not scored into the stored distributions: on them, everything is new.
pub const DAYS_UNSCORED: i32 = 3;
/// Days for which a log that began later than the store is learnt as a new store is: those that are not scored, and those until
/// scores are calibrated.
pub const LEARNING_DAYS: i32 = DAYS_UNSCORED + DAYS_CALIBRATED_MIN as i32;
/// The fewest identities in a log on the day on which it counts as begun. A judgement, and not measured: one identity that is the
/// first to do something is no roll-out of a log, and neither are two.
pub const LOG_IDENTITIES_MIN: u32 = 3;
/// The least share of the account's identities of that day that they are. A judgement, and not measured.
pub const LOG_SHARE_MIN: f64 = 0.25;
/// So many times the identities of any day before: a log in which ever more identities are did not begin with the last of them. A
/// judgement, and not measured.
pub const LOG_JUMP_MIN: u32 = 10;
/// The most logs of which it is remembered when they began.
pub const LOGS_MAX: usize = 1 << 16;
/// The fewest days with records from which on it is known how long a trail pauses: of one that pauses at weekends, they have a weekend
/// among them.
pub const TRAIL_DAYS_MIN: u32 = 7;
/// The pause, in seconds, up to which no trail is silent: one whole day is missing, in whatever time zone. A judgement, and not measured.
pub const SILENCE_SECS_MIN: i64 = 36 * 3_600;
/// The chance, for each pause, that a trail that goes on as it did pauses for longer than counts as silence. A judgement of how often one
/// may be told of, and not measured.
pub const PAUSE_CHANCE: f64 = 1e-3;
/// So many times its longest pause is no silence of a trail, however many are known: a long weekend is nearly twice a weekend. A judgement,
/// and not measured.
pub const PAUSE_FACTOR_MIN: f64 = 2.0;
/// The pause, in seconds, up to which no trail is silent that has paused for a day or more, as at weekends: a week of holidays with the
/// weekends around it, from noon of the Friday before. A judgement, and not measured.
pub const HOLIDAYS_SECS: i64 = 10 * 24 * 3_600;
/// The most pauses that are remembered of one trail.
pub const TRAIL_PAUSES_MAX: usize = 8;
/// The least statistic (nats) of an alert, without ordinary amounts and at any budget: ln 14, what an entity is expected to
/// reach once in two weeks. In a small estate where an arm is nearly always zero, the smallest value above zero is rare, and
/// still means nothing. A judgement of how often one identity may be told of, and not measured.
pub const STATISTIC_MIN: f64 = 2.639_057_329_615_258_4;
/// Surprise, in natural logarithms, from which an amount beyond its 99th percentile is more than chance: ln 100, once in 100 days. A
/// judgement, and not measured.
pub const MORE_THAN_CHANCE: f64 = 4.605;
/// The quantile of a window's predicted amount below which an amount is ordinary: on a day without unusual context it does
/// not count towards [`STATISTIC_MIN`]. It is the upper of the two that alerts show.
pub const ORDINARY_QUANTILE: f64 = 0.99;
/// Identities active on a day for each alert a day of the default budget. A judgement of how much attention an estate of some
/// size gets, and not measured.
pub const IDENTITIES_PER_ALERT: f64 = 100.0;
/// The largest default budget, in incidents a day: what one analyst reviews beside other work.
pub const DEFAULT_BUDGET_MAX: f64 = 5.0;
/// The smallest default budget, in incidents a day: one a week.
pub const DEFAULT_BUDGET_MIN: f64 = 1.0 / 7.0;
/// Score from which something is worth showing, however far below its threshold: one entity-day in a thousand.
pub const SCORE_LOW: f64 = 90.0;
/// Score from which an alert is high: one entity-day in ten thousand.
pub const SCORE_HIGH: f64 = 95.4;
/// Score from which an alert is critical: one entity-day in a hundred thousand.
pub const SCORE_CRITICAL: f64 = 97.8;

// Drift.

/// Active days after which the weight of what was learnt about a level has halved. Slow on purpose.
pub const DRIFT_HALF_LIFE_DAYS: f64 = 60.0;
/// Active days (weight) from which drift is judged.
pub const DRIFT_DAYS_MIN: f64 = 5.0;
/// Pseudo-days of the prior variance.
pub const DRIFT_PRIOR_DAYS: f64 = 5.0;
/// Prior variance of a day's ln(1+x): a standard deviation of 0.3.
pub const DRIFT_PRIOR_VARIANCE: f64 = 0.09;
/// Standard deviations that a day must lie above the level to count (Page 1954).
pub const DRIFT_ALLOWANCE: f64 = 1.0;
/// The most standard deviations that one day adds.
pub const DRIFT_CLIP: f64 = 3.0;
/// The most standard deviations above the level at which a day is learnt.
pub const DRIFT_LEARN_CLIP: f64 = 2.0;
/// Target for drift reports a day over the estate. A judgement of how many can be read: at 5 a day nine ramps in ten are
/// reported before they are used, at 2 every second one.
pub const DRIFT_REPORTS_PER_DAY: f64 = 2.0;
/// The least cumulative sum that is reported, even if there are few reports: two days at the clip are not enough, and in a
/// small estate few baselines drift.
pub const DRIFT_SUM_MIN: f64 = 5.0;

// Peer groups.

/// The most groups that are formed.
pub const GROUPS_MAX: usize = 20;
/// How much nearer another group must be before an identity changes its group.
pub const GROUP_HYSTERESIS: f64 = 0.2;
/// Hours (weight) of one metric from which an identity is put into a group.
pub const GROUP_WINDOWS_MIN: f64 = 5.0;
/// The most identities from which centres are computed; all are then put into the nearest group. Two hundred for each group
/// are enough to find its centre.
pub const GROUP_ROWS_MAX: usize = 4_096;
