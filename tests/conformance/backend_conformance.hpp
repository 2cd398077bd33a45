/// The laws of every backend. A backend passes by one line in a test file of its own:
///
///   INSTANTIATE_TYPED_TEST_SUITE_P(Thread, BackendConformance, carpool::ThreadBackend, BackendName);
#pragma once

#include "backend_laws_clock.hpp"
#include "backend_laws_io.hpp"
#include "backend_laws_memory.hpp"
#include "backend_laws_parking.hpp"
#include "backend_laws_tasks.hpp"

// clang-format off
REGISTER_TYPED_TEST_SUITE_P(BackendConformance,
    // backend_laws_clock.hpp
    TimeNeverGoesBack, TimeNeverGoesBackBetweenTasks, CoarseTimeIsCloseToTimeAndNeverAhead, CoarseTimeAdvances,
    SleepEndsAtItsDeadlineAndNotBefore, SleepUntilThePastReturns, RandomNumbersVary, RandomNumbersDifferBetweenTasks,
    WorkerIsStableAndNotZero, WorkersOfDifferentThreadsDiffer,
    AForkedChildCountsOneForkMore, AForkedChildDrawsOtherRandomNumbers,
    // backend_laws_parking.hpp
    ParkEndsAtItsDeadlineAndNotBefore, ParkWithADeadlineInThePastReturns, ATokenLeftBeforeParkingIsNotLost,
    ATokenIsTakenEvenIfTheDeadlineHasPassed, UnparkIsIdempotent, UnparkFromAnotherTaskWakes,
    TheFarthestDeadlinesWaitAndDoNotOverflow, SlotsAreIndependent, TokensPassToAndFroWithoutLoss,
    ATokenThatRacesWithTheDeadlineIsTakenExactlyOnce, WhatWasWrittenBeforeUnparkIsReadAfterPark,
    AnEmptyOrMovedFromWakeupDoesNothing, AMovedWakeupWakes, AWakeupMayOutliveItsSlot,
    AWakeupMayOutliveASlotThatLeftByItsDeadline, SignalsNeitherEndNorProlongAPark,
    // backend_laws_memory.hpp
    TheMutexExcludes, TheMutexExcludesThreads, AtomicsCountWithoutLoss, AtomicsExchangeAndCompare,
    OfTwoBarriersOneSideSeesTheOther,
    // backend_laws_tasks.hpp
    ATaskRunsAndWhatItWroteIsReadAfterJoin, ATaskReadsWhatWasWrittenBeforeSpawn, JoinIsIdempotent, ADroppedTaskIsJoined,
    ADetachedTaskGoesOnAndNobodyWaitsForIt, AFunctionMayOwnItsOwnTaskIfItDetachesIt,
    ATaskThatIsAssignedOverIsJoined, AMovedTaskIsJoinedOnce, TasksTakeMoveOnlyCallables, TasksWaitForEachOther,
    ABackgroundTaskRunsWhileItsCallerDoesNotYield, ABackgroundTaskOutlivesTheOneThatAskedForIt,
    ABackgroundTaskTakesNoSignalsButFaults, AnExceptionThatLeavesATaskTerminates,
    // backend_laws_io.hpp
    WaitReportsWhatIsReadableAndWritable, WaitEndsAtItsDeadlineAndNotBefore, WaitWithADeadlineInThePastLooksOnce,
    WaitReportsWhatComesLater, WaitReportsHangUp, WaitReportsHangUpThatComesLater, WaitReportsADescriptorThatIsNone,
    SignalsNeitherEndNorProlongAWait,
    ADescriptorNumberMayBeUsedAgainAfterForget, ManyTasksWaitForManyDescriptors, AQuietDescriptorHasNoIdleHint,
    RunBlockingReturnsValues, RunBlockingRethrows, RunBlockingHoldsUpNobodyElse);
// clang-format on
