//! What is to go wrong, and when: incidents, and faults of everything around.
//!
//! Must not: depend on what happens.

use crate::check_week::world::{FUNCTION, GATEWAY, HOUR, MINUTE, START};

/// How requests of an incident fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ill {
    /// No `Access-Control-Allow-Origin`.
    Missing,
    /// That of a site that moved.
    Stale,
    /// The function's own log says that it ran into its timeout.
    Timeout,
    /// It says that an error left the handler.
    Error,
}

impl Ill {
    /// The rule that is to be told.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Missing => "acao-missing",
            Self::Stale => "acao-stale-domain",
            Self::Timeout => "gw-502-lambda-timeout",
            Self::Error => "gw-502-function-error",
        }
    }
}

/// Requests on a route fail in this way, from then until then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incident {
    pub(crate) route: &'static str,
    pub(crate) ill: Ill,
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// On for 20 minutes and off for 20.
    pub(crate) is_flapping: bool,
    /// Nobody could ever read of it.
    pub(crate) is_lost: bool,
}

/// What is wrong with a run, or with what is around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// All requests to AWS are answered by a page of HTML.
    ApiDown,
    /// Nothing may be read.
    Forbidden,
    /// The function's group, or the gateway's, may not be read.
    Denied(&'static str),
    /// The sink answers 503.
    SinkDown,
    /// The clock is an hour late.
    SetBack,
    /// The clock is an hour ahead.
    Ahead,
    /// There are no runs.
    Down,
    /// Two runs at once.
    Twice,
    /// The run is killed after so many milliseconds.
    Kill,
    /// The run is killed when the sink was told something.
    KillAtSink,
}

/// Everything that is to happen.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) runs: i64,
    pub(crate) max_catch_up: i64,
    pub(crate) incidents: Vec<Incident>,
    /// Beginnings and ends.
    pub(crate) faults: Vec<(Fault, i64, i64)>,
}

impl Plan {
    /// 25 hours, in which a pause of three is more than is caught up with.
    pub(crate) fn day() -> Self {
        let mut plan = Self { runs: 300, max_catch_up: 2 * HOUR, ..Self::default() };
        plan.add_day(0, HOUR);
        plan.down(18 * HOUR, 3 * HOUR);
        // Lost, since the run at nine o'clock reads from 18:50 on; and caught up with.
        plan.lost("/cart", Ill::Missing, (18 * 60 + 5, 18 * 60 + 35));
        plan.ill("/orders", Ill::Missing, (20 * 60, 20 * 60 + 30));
        plan.ill("/search", Ill::Stale, (22 * 60, 22 * 60 + 40));
        plan
    }

    /// 2,016 runs, in which a pause of 30 hours is more than is caught up with.
    pub(crate) fn week() -> Self {
        let mut plan = Self { runs: 2016, max_catch_up: 24 * HOUR, ..Self::default() };
        for day in [0, 1, 2, 5, 6] {
            // The machine is off for an hour, and once for three.
            plan.add_day(day, if day == 1 { 3 * HOUR } else { HOUR });
        }
        // From Thursday, 6 o'clock, to Friday, noon.
        let begin = 3 * 24 * 60 + 6 * 60;
        plan.down(i64::from(begin) * MINUTE, 30 * HOUR);
        plan.lost("/cart", Ill::Missing, (begin + 60, begin + 180));
        plan.ill("/orders", Ill::Missing, (begin + 10 * 60, begin + 12 * 60));
        plan.ill("/checkout", Ill::Error, (begin + 20 * 60, begin + 21 * 60));
        plan
    }

    /// What goes wrong every day.
    fn add_day(&mut self, day: i64, pause: i64) {
        let start = i32::try_from(day * 24 * 60).expect("minutes");
        let at = |from: i32, to: i32| (start + from, start + to);
        let mut fault = |fault, from: i32, to: i32| {
            let time = |minute: i32| START + i64::from(start + minute) * MINUTE;
            self.faults.push((fault, time(from), time(to)));
        };
        // During the incident on /orders.
        fault(Fault::ApiDown, 85, if day == 0 { 95 } else { 90 });
        fault(Fault::Forbidden, 95, 115);
        fault(Fault::SinkDown, 145, 205);
        fault(Fault::Twice, 240, 250);
        fault(Fault::KillAtSink, 330, 345);
        let group = if day % 2 == 0 { FUNCTION } else { GATEWAY };
        fault(Fault::Denied(group), 390, 450);
        fault(Fault::SetBack, 480, 510);
        let pause = i32::try_from(pause / MINUTE).expect("minutes");
        fault(Fault::Down, 570, 570 + pause);
        fault(Fault::KillAtSink, 820, 830);
        // Behind the last incident of the day; for an hour the clock seems to be set back then.
        fault(Fault::Ahead, 1065, 1070);
        // Now and then.
        for minute in [20, 155, 270, 335, 700, 905, 1000, 1310, 1315, 1345, 1370, 1400] {
            fault(Fault::Kill, minute, minute + 5);
        }
        self.ill("/orders", Ill::Missing, at(60, 130));
        self.ill("/checkout", Ill::Timeout, at(150, 300));
        self.ill("/cart", Ill::Missing, at(328, 360));
        self.ill("/stores", Ill::Missing, at(328, 350));
        self.ill("/search", Ill::Missing, at(329, 355));
        self.ill("/orders", Ill::Stale, at(470, 530));
        self.ill("/checkout", Ill::Error, at(585, 610));
        let (from, to) = at(780, 1000);
        self.flapping("/stores", (from, to));
    }

    fn incident(&mut self, route: &'static str, ill: Ill, (from, to): (i32, i32)) -> &mut Incident {
        let time = |minute: i32| START + i64::from(minute) * MINUTE;
        let (from, to) = (time(from), time(to));
        self.incidents.push(Incident { route, ill, from, to, is_flapping: false, is_lost: false });
        self.incidents.last_mut().expect("an incident")
    }

    fn ill(&mut self, route: &'static str, ill: Ill, span: (i32, i32)) {
        self.incident(route, ill, span);
    }

    fn flapping(&mut self, route: &'static str, span: (i32, i32)) {
        self.incident(route, Ill::Missing, span).is_flapping = true;
    }

    fn lost(&mut self, route: &'static str, ill: Ill, span: (i32, i32)) {
        self.incident(route, ill, span).is_lost = true;
    }

    fn down(&mut self, from: i64, lasts: i64) {
        self.faults.push((Fault::Down, START + from, START + from + lasts));
    }

    /// How a request on this route fails at this time.
    pub(crate) fn ill_at(&self, route: &str, time: i64) -> Option<Ill> {
        let is_on = |it: &&Incident| {
            it.route == route
                && (it.from..it.to).contains(&time)
                && (!it.is_flapping || (time - it.from) / (20 * MINUTE) % 2 == 0)
        };
        self.incidents.iter().find(is_on).map(|it| it.ill)
    }

    /// What is wrong with the run at this time.
    pub(crate) fn has(&self, fault: Fault, time: i64) -> bool {
        self.faults.iter().any(|(it, from, to)| *it == fault && (*from..*to).contains(&time))
    }

    /// The group that may not be read.
    pub(crate) fn denied(&self, time: i64) -> Option<&'static str> {
        [GATEWAY, FUNCTION].into_iter().find(|group| self.has(Fault::Denied(group), time))
    }

    /// Pauses and flapping leave no place for events that come late.
    pub(crate) fn is_calm(&self, time: i64) -> bool {
        let is_near = |from: i64, to: i64| (from - 20 * MINUTE..to + 20 * MINUTE).contains(&time);
        !self.incidents.iter().any(|it| it.is_flapping && is_near(it.from, it.to))
            && !self.faults.iter().any(|(it, from, to)| *it == Fault::Down && is_near(*from, *to))
    }
}
