//! How people get on with the page beside the straight way. One deployment serves all of these: each would do with its own, and
//! would wait for it longer than it takes.

use anyhow::{Result, ensure};
use tests::rehearsal::Rehearsal;

use crate::{page_keyboard, page_offline, page_print, page_reload, page_side_by_side, page_tree};

#[tokio::test]
async fn people_find_their_way() -> Result<()> {
    let rehearsal = Rehearsal::provisioned("udp")?;
    let outcomes = [
        ("page_keyboard", page_keyboard::a_profile_is_made_without_a_mouse(&rehearsal).await),
        ("page_tree", page_tree::what_is_read_aloud_has_a_structure(&rehearsal).await),
        ("page_reload", page_reload::every_step_is_there_again(&rehearsal).await),
        ("page_reload", page_reload::what_was_removed_in_one_tab_does_not_come_back_by_another(&rehearsal).await),
        ("page_side_by_side", page_side_by_side::two_deployments_do_not_get_into_each_others_way(&rehearsal).await),
        ("page_offline", page_offline::a_profile_is_made_after_the_server_has_gone(&rehearsal).await),
        ("page_print", page_print::a_printed_request_says_whose_it_is(&rehearsal).await),
    ];
    let failed: Vec<String> =
        outcomes.iter().filter_map(|(name, outcome)| Some(format!("{name}: {:?}", outcome.as_ref().err()?))).collect();
    ensure!(failed.is_empty(), "{}", failed.join("\n\n"));
    Ok(())
}
