"""Refusals about verdicts, lists and guesses."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class TooManyAttempts(DomainError):
    """`wait` says in how many seconds tries are taken again; 0 where that is not told."""

    code = "too_many_attempts"
    message = _("Too many tries. Please wait a while and check the number before you try again.")
    status = 429

    def __init__(self, wait: int = 0) -> None:
        super().__init__(wait=wait)
        self.wait = wait


class NothingToDecide(DomainError):
    """The entry is not waiting for a verdict, or its receipt is still being read."""

    code = "nothing_to_decide"
    message = _("There is nothing to decide for this entry at the moment.")


class ReasonMissing(DomainError):
    code = "reason_missing"
    message = _("Please choose a reason that the entrant will understand.")
    status = 422


class CaseTaken(DomainError):
    """Another reviewer holds the case at this moment."""

    code = "case_taken"
    message = _("Another reviewer has this case open. Please take the next one.")


class OpinionGiven(DomainError):
    """The same person may not be the second or third opinion on a case."""

    code = "opinion_given"
    message = _("You have already decided this case. Somebody else has to look at it now.")


class SeniorNeeded(DomainError):
    """Two reviewers disagree; the third voice needs the right to settle."""

    code = "senior_needed"
    message = _("Two reviewers disagree on this case. An operator has to decide it.")
    status = 403


class NotYourDecision(DomainError):
    code = "not_your_decision"
    message = _("Only the person who decided can take the decision back.")
    status = 403


class DecidedFurther(DomainError):
    """After this word somebody else had a say, or the entrant went on."""

    code = "decided_further"
    message = _("This can no longer be taken back: another person has decided since, or the entrant has gone on.")


class PolicyNotAccepted(DomainError):
    code = "policy_not_accepted"
    message = _("Please give 1 to 720 hours and a share of 0 to 100 percent.")
    status = 422


class ReturnOfAnother(DomainError):
    """The client's number was used for the return of another receipt."""

    code = "return_of_another"
    message = _("This number was already used for the return of another receipt.")


class NothingToSettle(DomainError):
    code = "nothing_to_settle"
    message = _("This return is settled already.")


class RingChanged(DomainError):
    """None of the entries chosen on the page is held for the ring any more."""

    code = "ring_changed"
    message = _("These entries are not held for this group any more. Please look at the page again.")


class RingNoteNotAccepted(DomainError):
    code = "ring_note_not_accepted"
    message = _("Please write the reason in 5 to 200 characters of ordinary text.")
    status = 422


class RingActNotUndoable(DomainError):
    """A refusal is changed by an appeal only; an act is undone once, while nothing was given."""

    code = "ring_act_not_undoable"
    message = _("This cannot be undone any more. A refusal is changed by the answer to an appeal.")


class ListNotAccepted(DomainError):
    """Numbers for a list that cannot be used; `problems` name the rows."""

    code = "list_not_accepted"
    message = _("Some rows of the list cannot be used. Please correct the rows named below and send it again.")
    status = 422

    def __init__(self, problems: list[tuple[int, str]]) -> None:
        super().__init__(problem_count=len(problems))
        self.problems = problems


class AppealNotPossible(DomainError):
    """The entry was neither refused nor sent back, or the campaign hears no appeals."""

    code = "appeal_not_possible"
    message = _("There is no result that you could object to at the moment.")


class AppealAlreadyMade(DomainError):
    code = "appeal_already_made"
    message = _("We have your objection to this result already. One objection is heard for each result.")


class AppealTooLate(DomainError):
    code = "appeal_too_late"
    message = _("The time to object to this result is over.")


class AppealNeedsAnother(DomainError):
    """Who gave the verdict does not judge the objection to it."""

    code = "appeal_needs_another"
    message = _("You gave the result that the entrant objects to. Another person has to answer.")
    status = 403


class AppealAloneNeedsNote(DomainError):
    """Nobody else of the agency may answer; why the same person does is kept."""

    code = "appeal_alone_needs_note"
    message = _("Nobody else can answer this appeal. Please write why you answer it yourself; the note is kept.")
    status = 422


class AppealTextNotAccepted(DomainError):
    code = "appeal_text_not_accepted"
    message = _("Please write a few words of ordinary text: at least 5 and at most 1,000 characters (an answer: 500).")
    status = 422
