//! What every store must answer, operation by operation. One suite for all of them: a case is given a way to
//! make an empty store and asks it as a node would.
//!
//! Time is a number that the cases choose, so a store with a clock of its own has to be told to use theirs.

mod contract {
    pub(crate) mod asked;
    pub(crate) mod halls;
    pub(crate) mod histories;
    pub(crate) mod leases;
    pub(crate) mod proposals;
    pub(crate) mod reclaim;
    pub(crate) mod rooms;
    pub(crate) mod search;
    pub(crate) mod sessions;
}
mod store;

use qala::store::Store;
use qala::store::memory::MemoryStore;

use store::redis;

/// Makes an empty store.
pub(crate) type Factory<'a> = &'a dyn Fn() -> Box<dyn Store>;

/// A test of each case; one that is left out here is an unused function, which the compiler reports.
macro_rules! cases {
    ($new:expr; $($noun:ident: $($case:ident)+;)+) => {
        $(mod $noun {
            use super::super::*;
            $(#[test]
            fn $case() {
                contract::$noun::$case(&$new);
            })+
        })+
    };
}

/// Every case, for one store.
macro_rules! keeps_the_contract {
    ($store:ident, $new:expr) => {
        mod $store {
            cases! {
                $new;
                halls:
                    a_hall_begins_with_its_first_member_and_ends_with_its_last
                    who_enters_by_a_name_that_is_there_takes_over
                    entering_may_be_repeated
                    a_hall_and_all_halls_have_their_limits
                    who_does_not_renew_is_gone
                    a_store_that_knows_nothing_is_told_everything
                    who_moved_says_where_it_is
                    a_reserved_hall_is_there_for_a_while
                    halls_are_listed_the_newest_first_in_portions
                    every_reply_is_that_of_the_embedded_store;
                histories:
                    a_partner_is_remembered_until_then
                    a_history_is_of_one_user_in_one_pool
                    the_later_of_two_ends_holds
                    the_newest_are_kept
                    a_session_that_ends_takes_no_history_along;
                leases:
                    a_withdrawn_ticket_waits_no_longer
                    a_renewal_tells_how_each_ticket_stands
                    nobody_is_matched_with_a_ticket_whose_lease_ran_out
                    a_renewal_moves_the_end_of_a_lease_either_way
                    a_search_clears_four_dead_tickets_away_wherever_they_are
                    a_dead_ticket_counts_as_a_candidate;
                proposals:
                    both_must_accept
                    who_rejects_or_leaves_ends_it
                    whoever_repeats_what_ended_it_is_told_so_again
                    an_ended_proposal_does_not_touch_the_next_one_of_its_ticket
                    nobody_else_may_answer
                    an_answer_after_its_time_is_none
                    an_agreed_proposal_stands
                    an_agreed_proposal_outlives_the_opening_of_its_room
                    a_proposal_is_forgotten_ten_seconds_after_its_time
                    a_forgotten_proposal_does_not_touch_the_next_one_of_its_ticket
                    a_forgotten_name_used_again_is_another_proposal
                    waits_are_counted_when_a_match_is_agreed
                    an_estimate_is_at_most_five_minutes;
                reclaim:
                    a_waiting_ticket_changes_hands_and_keeps_its_place
                    an_open_proposal_changes_hands
                    what_is_over_is_not_reclaimed
                    what_both_accepted_is_reclaimed_until_its_time_is_over
                    a_dead_ticket_is_reclaimed_until_it_is_cleared_away
                    what_is_reclaimed_is_what_was_listed_last
                    a_parked_ticket_is_found_by_nobody_and_keeps_its_place;
                rooms:
                    messages_are_numbered_from_one
                    only_members_write
                    a_message_is_written_once
                    the_newest_messages_are_kept_and_told_in_portions
                    each_writer_counts_its_own_messages
                    a_room_opens_once_and_its_end_forgets_everything
                    a_room_that_is_opened_again_gives_no_number_that_was_heard_of
                    a_member_rejoins_and_nobody_else;
                search:
                    who_finds_nobody_is_listed_behind_those_before
                    the_one_who_waited_longest_is_claimed
                    priority_goes_before_waiting
                    one_millisecond_is_decided_by_name
                    both_ages_must_be_accepted
                    either_side_may_avoid_the_other
                    nobody_meets_oneself
                    the_listed_stage_decides
                    a_ticket_that_is_listed_anew_is_where_it_was_listed_last
                    a_search_stops_at_its_limit_and_goes_on
                    a_search_of_no_candidates_looks_at_one
                    a_claimed_ticket_is_told_of_its_proposal
                    a_search_that_is_repeated_has_claimed_once
                    a_replaced_ticket_waits_no_longer
                    a_full_pool_lists_nobody_new
                    a_user_waits_with_one_ticket
                    a_user_before_an_agreement_lists_no_other_ticket
                    pools_do_not_mix;
                sessions:
                    a_session_is_known_from_its_beginning_to_its_end
                    a_session_follows_the_one_before
                    a_session_that_attaches_again_is_told_the_same
                    only_the_latest_session_registers
                    of_two_sessions_the_one_counts_whose_client_came_in_last
                    a_session_that_was_followed_before_it_heard_whom_it_follows_is_told
                    a_session_to_which_the_client_came_back_counts_again
                    an_end_takes_no_later_session_along
                    a_session_is_of_one_user_in_one_pool;
            }
        }
    };
}

keeps_the_contract!(memory, || Box::new(MemoryStore::new()));
keeps_the_contract!(redis_single, || Box::new(redis::store(redis::settings(&redis::SINGLE))));
keeps_the_contract!(redis_sentinel, || Box::new(redis::store(redis::settings(&redis::WATCHED))));
keeps_the_contract!(redis_cluster, || Box::new(redis::store(redis::settings(&redis::CLUSTER))));
