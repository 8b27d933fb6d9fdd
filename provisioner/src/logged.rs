//! What every command that changes something does around it: an entry in the log before, and its end after.

use provisioner::{
    deploy::{observed::Observed, own::OwnCertificate, plan::Plan},
    ledger::{Deed, Ending},
};

use crate::{
    deployment::Deployment,
    failure::{Kind, OrFail, Outcome},
    surroundings::Surroundings,
};

/// What is to be done, before it is known who does it.
pub(crate) struct Task {
    pub(crate) command: &'static str,
    /// Common names.
    pub(crate) subjects: Vec<String>,
    pub(crate) what: Vec<String>,
}

impl Task {
    /// What carries a plan out.
    pub(crate) fn of(command: &'static str, plan: &Plan) -> Self {
        Self { command, subjects: Vec::new(), what: plan.steps.iter().map(ToString::to_string).collect() }
    }

    /// Does `work` between two entries of the log. `results` are the lines that say what there is now.
    ///
    /// Without the first entry nothing is done. That the second cannot be written does not undo what is done.
    pub(crate) async fn logged<T>(
        self,
        surroundings: &Surroundings,
        deployment: &Deployment,
        work: impl Future<Output = Outcome<T>>,
        results: impl FnOnce(&T) -> Vec<String>,
    ) -> Outcome<T> {
        self.logged_as(surroundings, deployment, work, |done| Ok(results(done))).await
    }

    /// The same for work that may come to its end and have achieved nothing: `outcome` is its results, or why there are none.
    pub(crate) async fn logged_as<T>(
        self,
        surroundings: &Surroundings,
        deployment: &Deployment,
        work: impl Future<Output = Outcome<T>>,
        outcome: impl FnOnce(&T) -> Result<Vec<String>, String>,
    ) -> Outcome<T> {
        let Self { command, subjects, what } = self;
        let deed = Deed {
            command: command.to_owned(),
            subjects,
            what,
            caller: deployment.caller.get().cloned(),
            provenance: surroundings.provenance(),
        };
        deployment.ledger.log_begin(&deed).await.or_fail(Kind::Input)?;
        let done = work.await;
        let outcome = match &done {
            Ok(done) => outcome(done).map_err(|error| one_line(&error)),
            Err(failure) => Err(one_line(&failure.message())),
        };
        let ending = Ending { when: surroundings.time(), outcome };
        if let Err(error) = deployment.ledger.log_end(&deed, &ending).await {
            surroundings.note(&format!("warning: how this ended is missing in the log: {error}"));
        }
        done
    }
}

/// What a plan has led to.
pub(crate) fn results(observed: &Observed) -> Vec<String> {
    let endpoint = observed.endpoint.iter().map(|endpoint| format!("endpoint {}", endpoint.id));
    let certificates = OwnCertificate::ALL.iter().filter_map(|own| {
        let serial = observed.own(*own)?.1.serial?;
        Some(format!("{} certificate {serial}", own.word()))
    });
    let crl = observed.recorded_crl.iter().map(|crl| format!("revocation list number {}", crl.number));
    endpoint.chain(certificates).chain(crl).collect()
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("; ")
}
