/// The laws of the pool on a backend. One passes by these lines in a test file of its own:
///
///   INSTANTIATE_TYPED_TEST_SUITE_P(Laws, PoolLaws, carpool::ThreadBackend, PoolBackendName);
///   INSTANTIATE_TYPED_TEST_SUITE_P(Laws, PoolLawsAmongWorkers, carpool::ThreadBackend, PoolBackendName);
///
/// A backend whose `concurrent` is false says instead of the second:
///   GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PoolLawsAmongWorkers);
#pragma once

#include "pool_laws_ages.hpp"
#include "pool_laws_connecting.hpp"
#include "pool_laws_deadlines.hpp"
#include "pool_laws_endings.hpp"
#include "pool_laws_events.hpp"
#include "pool_laws_faults.hpp"
#include "pool_laws_health.hpp"
#include "pool_laws_inspection.hpp"
#include "pool_laws_messages.hpp"
#include "pool_laws_neighbours.hpp"
#include "pool_laws_outages.hpp"
#include "pool_laws_pauses.hpp"
#include "pool_laws_sizes.hpp"
#include "pool_laws_storms.hpp"
#include "pool_laws_surface.hpp"
#include "pool_laws_targets.hpp"
#include "pool_laws_waiting.hpp"
#include "pool_laws_watching.hpp"

// clang-format off
REGISTER_TYPED_TEST_SUITE_P(PoolLaws,
    // pool_laws_surface.hpp
    APoolOpensNothingUntilItIsAsked, AReleasedConnectionIsUsedAgain, AMovedFromOrReleasedLeaseGivesNothingBack,
    ALeaseThatIsAssignedOverGivesItsConnectionBack, ADiscardedConnectionIsClosed,
    ADetachedConnectionLeavesThePoolAndItsPlace, WithConnectionReturnsWhatItsCallableDoes,
    WithConnectionAsksTheConnectorWhenItsCallableThrows, ALeaseThatAnExceptionLeavesIsClosed,
    ALeaseThatAnExceptionLeavesIsPooledWhereItsProtocolIsInStep,
    ALeaseTakenAndGivenBackWhileTheStackUnwindsIsPooled, AcquireCanGiveAnErrorCodeInsteadOfAnException,
    TryAcquireHasOneConnectionOpenedInTheBackground, TryAcquireRefusesOnAClosedPool,
    AnIdleConnectionIsGivenEvenIfTheDeadlineHasPassed, StatsCountWhatHappened,
    // pool_laws_messages.hpp
    TheNameOfThePoolStandsInEveryMessage, ATimeoutTellsWhoHoldsTheConnections, WithConnectionPassesItsCallersSourceLocationOn,
    ATimeoutTellsTheLastConnectErrorUnlessItIsOver, BadValuesAreRefusedByFieldAndBound,
    // pool_laws_sizes.hpp
    NoMoreThanMaxSizeExist, AClosingConnectionKeepsItsTurnUntilItIsClosed, NoMoreThanMaxIdleAreKept,
    MinIdleConnectionsAreKeptReady, MinIdleIsTriedAgainAfterTheServerWasDown, PrewarmOpensAsManyAsAskedForAndPossible,
    PrewarmEndsWithWhatThereIsWhenAConnectFails, PrewarmEndsAtItsDeadlineAndNotBefore,
    PrewarmTriesAgainOnceTheBreakerAllowsIt, ClearClosesTheIdleConnectionsAlone, ANullPoolKeepsNothing,
    ResizeClosesSurplusConnectionsWhenTheyAreIdleOrReturn, ResizeClosesNoMoreThanItMust,
    EveryPlaceIsGivenBackWhenConnectsFail, AConnectionWhoseLifetimeCannotBeToldIsClosedAndItsPlaceGivenBack,
    // pool_laws_connecting.hpp
    AConnectIsTriedAgain, AFailedSeriesGivesTheLastCauseAndTheNumberOfTries, TheWaitsBetweenTriesGrow,
    ThereIsNoSleepAfterTheLastTry, ConnectTimeoutBoundsEachTry, AnAcquireEndsAtItsDeadlineWhateverItsConnectDoes,
    AnAcquireEndsAtItsDeadlineInTheMiddleOfABackOff, AnAcquireEndsAtItsDeadlineThoughEveryConnectionItGetsIsDead,
    AConnectionThatIsDeadAtOnceIsAFailedTry,
    // pool_laws_deadlines.hpp
    AResetThatHangsDoesNotExceedTheDeadline, APingThatHangsDoesNotExceedTheDeadline,
    AGoodbyeThatHangsDoesNotExceedTheDeadline, SeveralJobsThatHangDoNotExceedTheDeadline, TryAcquireWaitsForNoJob,
    // pool_laws_inspection.hpp
    EventsNameThePoolTheConnectionAndItsServer, AnAttachmentIsItsConnectionsOwn, EachMemberOfSeveralObserversHearsWhatItAsksFor,
    AConnectionThatIsReadyIsNotWaitedFor, HoldersNameEveryLease, EndpointsTellOfTheirBreaker,
    // pool_laws_outages.hpp
    WhileTheBreakerIsOpenCallersGetTheRealErrorAtOnce,
    IdleConnectionsAreServedWhileTheBreakerIsOpen, AnAuthenticationErrorIsNotTriedAgain,
    ARefusalThatWouldBeRepeatedIsNotTriedAgain, AServerThatPausesCostsNoConnectionAndOpensNoBreaker,
    RefusedCredentialsAreTriedAgainOnlyWhenThePoolIsTold,
    TheBreakerIsProbedOnceAfterEachBackOffUntilTheServerIsBack,
    // pool_laws_health.hpp
    AConnectionThatDiedWhileIdleIsNotHandedOut, AConnectionWithAReplyOutstandingIsClosedOnReturn,
    AConnectionIsPingedOnlyAfterTheBypassWindow, WithoutABypassWindowAConnectionIsPingedEveryTime,
    AConnectionWhosePingFailsOrThrowsIsReplaced,
    APingWithoutAnswerMakesThePoolDistrustItsOtherIdleConnections, ADirtyConnectionIsResetBeforeItIsUsedAgain,
    AConnectionThatCannotBeResetIsReplaced, TheGoodbyeIsSaidOnceToEachHealthyConnection,
    TheGoodbyeIsBoundedAndMayThrow,
    // pool_laws_ages.hpp
    MaxUsesClosesAConnectionOnItsLastReturn,
    AConnectionThatExpiresWhileLeasedIsClosedOnReturn, ConnectionsAreClosedWhenTheyAreDueWithoutAnyTraffic,
    AConnectionThatIsAlwaysInUseGetsTooOldAllTheSame, ReapDoesNotDisturbTheReaper, JitteredLifetimesEndOneByOne,
    IdleConnectionsAreKeptAliveByPings, AConnectionThatComesBackIsKeptAliveInTime, TheReaperSurvivesWhateverAConnectorThrows,
    ALeaseThatIsOutForTooLongIsReportedOnce,
    // pool_laws_endings.hpp
    APoolThatEndsClosesWhatIsToBeReset, AClosedPoolGivesNothingAndTakesBackWhatIsOut, ALeaseMayOutliveItsPool, APoolIsDestroyedAtOnce,
    // pool_laws_pauses.hpp
    ASuspendedPoolGivesNoLeases, DrainReturnsHowManyAreStillOut, RetireAllReplacesEveryConnection,
    RetireAllOverATimeReplacesOneAfterTheOther, NothingOldIsHandedOutAfterTheTimeOfItsRetirement,
    // pool_laws_targets.hpp
    ALeaseIsForTheTargetThatWasAskedFor, TheConnectionThatWasIdleLongestMakesRoomForAnotherTarget,
    ConnectionsInUseMakeNoRoom, EachTargetHasItsOwnBreaker, APingWithoutAnswerSpeaksAgainstItsOwnTargetAlone,
    AConnectionThatCannotBeMatchedIsClosed, RetireAllAndClearConcernEveryTarget,
    MinIdleIsRefusedWhereThePoolCannotKnowTheTarget, TargetsThatNobodyUsesAreForgotten,
    // pool_laws_neighbours.hpp
    TargetsThatWereTriedOnceLeaveNothingBehind, TheIdleTimeoutSparesMinIdle,
    // pool_laws_watching.hpp
    AConnectionsLifeIsToldInOrder, EventsTellHowLongThingsTook, EveryReasonToCloseIsToldAndCounted,
    EveryAcquireThatStartsIsToldToEnd, NothingOfTheUsersRunsUnderThePoolsLock,
    AnEvictionThatThrowsClosesAndDisturbsNobody, EvictionsAreToldTheFacts,
    // pool_laws_events.hpp
    EveryConnectThatBeginsIsToldToEnd, AFailedConnectIsToldWithWhatTheConnectorThrew, ADetachedConnectionIsToldToGo,
    AnAcquireThatFailsIsToldWithHowLongItTook, ThePoolIsToldToBeReadyBeforeAnythingThatItDoes,
    ThePoolIsToldToBeClearedBeforeTheClosesThatThisCauses, WhatChangesNothingTellsNothing,
    // pool_laws_faults.hpp
    AcquireAndReleaseOfAReadyConnectionAllocateNothing, EveryPlaceIsGivenBackWhereverMemoryRunsOut,
    APoolThatCannotBeMadeLeavesNothingBehind, AForkedChildLeavesItsParentsConnectionsAlone);

REGISTER_TYPED_TEST_SUITE_P(PoolLawsAmongWorkers,
    // pool_laws_sizes.hpp
    NoMoreThanMaxConnectingConnectsAreInFlight, ResizeUpServesThoseWhoWait, ResizeUpAndDownUnderLoad,
    // pool_laws_connecting.hpp
    EverybodyWhoWaitsGetsTheConnectError,
    AConnectGoesOnWhenItsCallerGivesUp, AWaiterTakesAReleaseWhileTheConnectHangs,
    AsManyConnectsAsWaitersAreInFlightAndNoMore, AWaiterIsServedOnceAPlaceIsFreeAndTheBreakerAllowsIt,
    ThePoolRefillsAfterAllConnectionsDied,
    // pool_laws_outages.hpp
    OnRecoveryConnectsRampUp, AnOutageIsProbedByThePoolAndNotByEveryCaller,
    // pool_laws_inspection.hpp
    EndpointsTellHowLongTheFirstInLineHasWaited,
    // pool_laws_waiting.hpp
    AWaiterIsServedByARelease, AWaiterLeavesAtItsDeadlineAndNotBefore, AWaiterIsServedWhenABrokenConnectionComesBack,
    AWaiterIsServedWhenALeaseIsDetached, InStrictOrderThoseWhoCameFirstAreServedFirst,
    NobodyOvertakesAWaiterWhoHasWaitedHandoffAfter, AWaiterWhoWasDisappointedKeepsItsTurnInLine,
    MoreThanMaxWaitersAreRefusedAtOnce, WithMaxWaitersZeroNobodyWaitsAndAConnectBeginsAllTheSame, MaxWaitersIsEachTargetsOwn,
    AWaiterWhoWasDisappointedIsNotRefused,
    NobodyIsServedTooLateBecauseOthersHaveLeft,
    // pool_laws_health.hpp
    WithoutABypassWindowTheImpatientGetWhatHasAnswered,
    // pool_laws_messages.hpp
    ATimeoutTellsTheLastConnectErrorOfASeriesThatGoesOn,
    // pool_laws_health.hpp
    AShortDeadlineDoesNotWaitForALongPing, ASlowGoodbyeHoldsUpNobody,
    // pool_laws_endings.hpp
    CloseWakesEveryWaiter, APoolMayBeDestroyedWithWaitersPresent, LeasesMayReturnWhileThePoolIsDestroyed,
    AWaiterMayBeDisappointedWhileThePoolIsDestroyed, ConnectsInFlightEndBeforeThePoolDoes,
    EveryMethodMayBeCalledAtAnyTimeByAnyWorker,
    // pool_laws_pauses.hpp
    ResumeServesThoseWhoWait, DrainWaitsForThoseWhoAreOutAndNoLonger, AConnectBegunBeforeRetireAllIsNotHandedOut,
    AConnectThatEndsAfterTheEndIsClosed,
    // pool_laws_targets.hpp
    AWaiterIsServedWhenAConnectionOfAnotherTargetComesBack, AConnectErrorConcernsThoseWhoWaitForThatTargetAlone,
    ATargetThatHangsDoesNotHoldUpAnother, AWaiterIsServedOnceItsTargetMayBeTriedAgain,
    // pool_laws_neighbours.hpp
    HoweverManyTargetsHangAnotherIsServed, ATargetThatWaitsForItsNextTryHoldsNoPlace,
    ProbesOfDeadTargetsLeaveHalfOfThePlaces, ResetsThatHangHoldUpNoOtherTarget, RoomIsMadeForAllWhoWaitAtOnce,
    PingsOfManyConnectionsLeaveSomeToBeTaken, AConnectBegunBeforeRetireAllIsNobodysSupply,
    AConnectBegunBeforeRetireAllMayFailWithoutHarm, WaitingForManyTargetsCostsAboutWhatWaitingForOneDoes,
    // pool_laws_storms.hpp
    ACrowdIsServedByFewConnections, NothingIsLostOrExceededWhateverHappens, AnIdlePoolUsesNoProcessor,
    NothingIsLostWhenADeadlineRacesWithARelease, NobodyStarvesUnderLoad, NestedAcquiresEndWhenThePoolIsJustLargeEnough,
    NoWakeUpIsLost,
    // pool_laws_events.hpp
    EventsComeInOrderAndAddUpUnderLoad,
    // pool_laws_faults.hpp
    GivingBackAllocatesNothingWhateverComesBack);
// clang-format on
