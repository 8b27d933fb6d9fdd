//! Everything from `provision` to a ping through the tunnel, through the commands and pages that users have.

mod main_job;

mod evidence;

mod leaks;

mod page_refuses;

mod page_invites;

mod page_looks;

mod hostile;

mod page_attacks;

mod page_inert;

mod page_surroundings;

mod page_secrets;

mod page_handover;

mod page_backup;

mod page_protected;

mod page_firefox;

mod page_networkmanager;

mod page_way;

mod page_keyboard;

mod page_tree;

mod page_reload;

mod page_side_by_side;

mod page_offline;

mod page_print;

mod single_file;

mod sign_refuses;

mod invites;

mod second_run;

mod nothing_survives;

mod client;

mod permissions;

mod revocation;

mod rotation;

mod probe;

mod adoption;
