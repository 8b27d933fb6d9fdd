//! Which screen follows which: the way through the page as a plain state machine.

/// What the person sees. One at a time; the names are those in the markup.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Screen {
    /// The bundle and the pending key are being looked for.
    Loading,
    /// The page cannot work here; the message says why.
    Stopped,
    /// Several requests are on their way: asks which one it is about.
    Choose,
    /// Asks for the user name.
    Who,
    /// The key is being made.
    Key,
    /// Shows the request to be sent.
    Request,
    /// Waits for the certificate.
    Certificate,
    /// Offers the profile.
    Profile,
    /// The profile is saved and the key is gone from the browser.
    Done,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// The page knows its deployment and how far the person had come.
    Loaded(Progress),
    /// The person chose one of several requests, which had come this far.
    Chosen(Progress),
    /// The person wants to make a request beside those that are on their way.
    AnotherWanted,
    /// The person wants to see all requests.
    AllWanted,
    /// A good user name was given.
    Named,
    /// The key and the request are made, and kept.
    KeyMade,
    /// They could not be made.
    KeyRefused,
    /// The person says that the request is on its way.
    Sent,
    /// The person wants to see the request again.
    RequestWanted,
    /// A certificate was given that belongs to the key.
    Certified,
    /// The key was removed, because the profile is saved.
    Wiped,
    /// The person begins again, or once more.
    Restarted,
}

/// How far a pending request had come when the page was left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Progress {
    /// There is none.
    Nothing,
    /// It was made.
    Requested,
    /// It was sent.
    Sent,
    /// There are several.
    Several,
}

impl Screen {
    /// Every screen, in the order of the way through.
    pub(crate) const ALL: [Self; 9] = [
        Self::Loading,
        Self::Stopped,
        Self::Choose,
        Self::Who,
        Self::Key,
        Self::Request,
        Self::Certificate,
        Self::Profile,
        Self::Done,
    ];

    /// The screen after `event`; `None` where the event has no meaning, such as a second click
    /// on a button whose first is still being worked on.
    pub(crate) fn after(self, event: Event) -> Option<Self> {
        match (self, event) {
            (Self::Loading, Event::Loaded(Progress::Nothing)) => Some(Self::Who),
            (Self::Loading, Event::Loaded(Progress::Several)) | (Self::Who, Event::AllWanted) => Some(Self::Choose),
            (Self::Loading, Event::Loaded(Progress::Requested))
            | (Self::Choose, Event::Chosen(Progress::Requested))
            | (Self::Certificate, Event::RequestWanted) => Some(Self::Request),
            (Self::Loading, Event::Loaded(Progress::Sent)) | (Self::Choose, Event::Chosen(Progress::Sent)) => {
                Some(Self::Certificate)
            }
            (Self::Who, Event::Named) => Some(Self::Key),
            (Self::Key, Event::KeyMade) => Some(Self::Request),
            (Self::Key, Event::KeyRefused) => Some(Self::Who),
            (Self::Request, Event::Sent) => Some(Self::Certificate),
            // Whoever has the certificate at hand need not say first that the request was sent.
            (Self::Request | Self::Certificate, Event::Certified) => Some(Self::Profile),
            (Self::Profile, Event::Wiped) => Some(Self::Done),
            (Self::Request | Self::Certificate | Self::Profile | Self::Done, Event::Restarted)
            | (Self::Choose | Self::Request | Self::Certificate | Self::Profile, Event::AnotherWanted) => {
                Some(Self::Who)
            }
            _ => None,
        }
    }

    /// The screen's name in the markup: `screen-NAME`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Stopped => "stopped",
            Self::Choose => "choose",
            Self::Who => "who",
            Self::Key => "key",
            Self::Request => "request",
            Self::Certificate => "certificate",
            Self::Profile => "profile",
            Self::Done => "done",
        }
    }

    /// How many of the steps at the top of the page are behind the person, where they apply.
    pub(crate) fn steps_done(self) -> Option<usize> {
        match self {
            Self::Loading | Self::Stopped | Self::Choose => None,
            Self::Who => Some(0),
            Self::Key => Some(1),
            Self::Request => Some(2),
            Self::Certificate => Some(3),
            Self::Profile => Some(4),
            Self::Done => Some(5),
        }
    }

    /// Whether there is a profile to connect with.
    pub(crate) fn has_profile(self) -> bool {
        matches!(self, Self::Profile | Self::Done)
    }

    /// Whether there is a key that the person could give up.
    pub(crate) fn has_key(self) -> bool {
        matches!(self, Self::Request | Self::Certificate | Self::Profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_through_has_five_steps() {
        let events = [
            Event::Loaded(Progress::Nothing),
            Event::Named,
            Event::KeyMade,
            Event::Sent,
            Event::Certified,
            Event::Wiped,
        ];
        check(&events, Screen::Done);
        assert_eq!(Screen::Done.steps_done(), Some(5));
    }

    #[test]
    fn a_reload_leads_back_to_where_one_was() {
        check(&[Event::Loaded(Progress::Requested)], Screen::Request);
        check(&[Event::Loaded(Progress::Sent)], Screen::Certificate);
    }

    #[test]
    fn the_request_can_be_seen_again() {
        check(&[Event::Loaded(Progress::Sent), Event::RequestWanted], Screen::Request);
    }

    #[test]
    fn of_several_requests_one_is_chosen() {
        let several = Event::Loaded(Progress::Several);
        check(&[several, Event::Chosen(Progress::Requested)], Screen::Request);
        check(&[several, Event::Chosen(Progress::Sent)], Screen::Certificate);
        check(&[several, Event::AnotherWanted, Event::AllWanted], Screen::Choose);
    }

    #[test]
    fn a_key_that_could_not_be_made_leads_back_to_the_name() {
        check(&[Event::Loaded(Progress::Nothing), Event::Named, Event::KeyRefused], Screen::Who);
    }

    #[test]
    fn a_second_click_while_the_key_is_being_made_does_nothing() {
        assert_eq!(Screen::Key.after(Event::Named), None);
    }

    #[test]
    fn a_page_that_cannot_work_stays_stopped() {
        for event in [Event::Loaded(Progress::Nothing), Event::Named, Event::Certified, Event::Restarted] {
            assert_eq!(Screen::Stopped.after(event), None, "{event:?}");
        }
    }

    #[test]
    fn one_can_begin_again_wherever_there_is_a_key() {
        for screen in Screen::ALL.into_iter().filter(|screen| screen.has_key()) {
            assert_eq!(screen.after(Event::Restarted), Some(Screen::Who), "{screen:?}");
        }
    }

    fn check(events: &[Event], expected: Screen) {
        let reached = events.iter().try_fold(Screen::Loading, |screen, event| screen.after(*event));
        assert_eq!(reached, Some(expected), "{events:?}");
    }
}
