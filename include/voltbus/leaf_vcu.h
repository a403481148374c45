/* voltbus/leaf_vcu.h - the vehicle controller (VCM) of a Nissan Leaf, played by us on the EV-CAN: it wakes inverter,
 * battery and charger, brings high voltage up, asks for torque or for charging power, and powers off again.
 *
 * Two sequences, of which one runs at a time: "drive" (inverter; command drive.ready) and "charge" (on-board charger, PDM;
 * command charge.power). Both send 11A, 1D4, 1F2 each 10 ms and 50B, 50C (ZE0, AZE0) each 100 ms, as the recordings have
 * them. dcdc.voltage sets the 12 V of the DC-DC converter in both (AZE0, ZE1).
 *
 * WHAT IT DOES NOT DO. It has no wire to a contactor. 1D4 says what the contactor box is to do, and the box has to do it:
 * precharge at state 3, main relays at state 7, open at 5 and 0 and when 1D4 stops. State 7 is sent only after the inverter
 * has measured the voltage of the battery on the bus.
 *
 * WHAT ENDS IT. Torque and power are 0 at once, and for as long as it lasts, at each of VB_LEAF_TROUBLES; a trouble that
 * lasts for its time ends in power-off, at whatever speed. After that nothing starts until the wish has been released and
 * comes anew. Who gives drive.ready back (or whose lease ends) in motion gets COAST first: no torque, neutral, high voltage
 * on until the motor stands, because a fast motor feeds its own voltage into a bus without a battery. Asked for anew in
 * COAST it is READY, with gear and torque to be asked for anew, too.
 * Torque rises by 100 Nm/s at most and falls at once; power rises by 100 W each 10 ms and falls at once.
 *
 * Leaves out: the frames that a ZE1 battery wants besides (355, 3B8, 5C5, 5EC, 626: it stores trouble codes without them),
 * 50A, wake-up frames of other controllers, pairing codes, V2X, quick charging, the brake and accelerator of a car.
 * UNVERIFIED (no recording has it): the whole end of an AC charge; all of the ZE0 charge before it charges; what battery
 * and charger do if there is no inverter (its voltage is asked for here, so there has to be one).
 * Facts: reference/leaf-can.md sections 2 to 7; times from recordings of a ZE0 of 2011 and 2012 (start and stop), an e-NV200
 * (start, AC charge), a ZE0 (AC charge) and a ZE1 of 62 kWh (start).
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_LEAF_VCU_H
#define VOLTBUS_LEAF_VCU_H

#include "voltbus/machine.h"

/* The states; limits in ms, 0 = none. */
#define VB_LEAF_STATES(X)                                                                          \
    X(OFF, "off", 0, "nothing is sent")                                                            \
    X(WAKE, "wake", 3000, "somebody does not wake up: power-off")                                  \
    X(RELAY, "relay", 0, "plus relay on; by time")                                                 \
    X(PRECHARGE, "precharge", 2000, "the bus has not the voltage of the battery: power-off")       \
    X(START, "start", 0, "high voltage is there; by time")                                         \
    X(READY, "ready", 0, "torque may be asked for")                                                \
    X(PLUG, "plug", 30000, "the charger has no mains: power-off")                                  \
    X(CHARGE, "charge", 0, "power may be asked for")                                               \
    X(COAST, "coast", 30000, "the motor still turns: said as a fault, then UNLOAD")                \
    X(UNLOAD, "unload", 1000, "current still flows: OPEN all the same")                            \
    X(OPEN, "open", 0, "relays open; by time")                                                     \
    X(DISCHARGE, "discharge", 5000, "the bus keeps its voltage: said as a fault, then SLEEP")      \
    X(SLEEP, "sleep", 0, "all may sleep; by time, then OFF")

enum vb_leaf_state {
#define X(name, text, limit_ms, sentence) VB_LEAF_##name,
    VB_LEAF_STATES(X)
#undef X
        VB_LEAF_STATE_COUNT
};
const char *vb_leaf_state_text(enum vb_leaf_state state); /* "precharge"; never NULL */

/* What makes torque and power 0 at once: looked for from RELAY to COAST.
 * lasting_ms: a trouble that is there so long ends in power-off. */
#define VB_LEAF_TROUBLES(X) /* name, lasting_ms, sentence */                                       \
    X(LATE, 500, "voltbus itself came late")                                                       \
    X(INVERTER_SILENT, 400, "the inverter (1DA) is silent")                                        \
    X(BATTERY_SILENT, 400, "the battery (1DB, 1DC) is silent")                                     \
    X(CHARGER_SILENT, 400, "the charger (390, 380) is silent")                                     \
    X(DAMAGED, 500, "frames are damaged (CRC, sum or counter)")                                    \
    X(BATTERY_STOP, 0, "the battery asks for the relays to open")                                  \
    X(INVERTER_ERROR, 500, "the inverter reports an error")                                        \
    X(HOT, 10000, "motor or inverter is too hot")                                                  \
    X(VOLTAGE, 300, "the bus has not the voltage of the battery")                                  \
    X(OVERVOLTAGE, 200, "the battery has too high a voltage")                                      \
    X(UNPLUGGED, 500, "the charger has no mains (unplugged?)")                                     \
    X(PLUGGED, 500, "a charging cable is plugged in: nothing drives")                              \
    X(TURNING, 500, "the motor turns: nothing charges")                                            \
    X(FULL, 0, "the battery is full, or ends the charge")                                          \
    X(OTHER_VCM, 0, "another VCM is heard on this bus (11A, 1D4 or 1F2)")                          \
    X(NOT_WOKEN, 0, "somebody did not wake up")                                                    \
    X(NO_PRECHARGE, 0, "precharging took too long")                                                \
    X(NO_MAINS, 0, "the charger did not get ready: not plugged in, or it refuses")                 \
    X(STILL_TURNING, 0, "the motor still turned after 30 s: the relays opened all the same")       \
    X(NO_DISCHARGE, 0, "DANGER: the bus may still have high voltage")

enum vb_leaf_trouble {
#define X(name, lasting_ms, sentence) VB_LEAF_##name##_TROUBLE,
    VB_LEAF_TROUBLES(X)
#undef X
        VB_LEAF_TROUBLE_COUNT /* also: none */
};
const char *vb_leaf_trouble_text(enum vb_leaf_trouble trouble); /* the sentence; "" of none */

/* Why torque or power is not what was asked. */
#define VB_LEAF_HOLDS(X)                                                                           \
    X(NONE, "")                                                                                    \
    X(TROUBLE, "")                                                                                 \
    X(RISING, "it rises no faster")                                                                \
    X(BATTERY, "the battery allows no more")                                                       \
    X(CHARGER, "the charger gives no more")                                                        \
    X(GEAR, "the gear is neither D nor R, or is being changed")                                    \
    X(SLOW, "no braking torque near standstill")                                                   \
    X(FAST, "the motor turns too fast")                                                            \
    X(NO_SPEED, "the speed of the motor is not known")

enum vb_leaf_hold {
#define X(name, sentence) VB_LEAF_HOLD_##name,
    VB_LEAF_HOLDS(X)
#undef X
};

/* Who is heard: so long without a good frame (ms) is silence. */
#define VB_LEAF_VOICES(X)                                                                          \
    X(INVERTER, 100)                                                                               \
    X(BATTERY, 100)                                                                                \
    X(LIMITS, 100)                                                                                 \
    X(CHARGER, 500)                                                                                \
    X(HEAT, 1000)

enum vb_leaf_voice {
#define X(name, silence_ms) VB_LEAF_VOICE_##name,
    VB_LEAF_VOICES(X)
#undef X
        VB_LEAF_VOICE_COUNT
};

/* What is taken from their frames, in thousandths of the unit; words and bits as raw numbers. */
#define VB_LEAF_VALUES(X)                                                                          \
    X(BUS_VOLTAGE)                                                                                 \
    X(SPEED)                                                                                       \
    X(INVERTER_ERRORS)                                                                             \
    X(BATTERY_VOLTAGE)                                                                             \
    X(BATTERY_CURRENT)                                                                             \
    X(PERMISSION)                                                                                  \
    X(CUT_REQUEST)                                                                                 \
    X(FAILSAFE)                                                                                    \
    X(BATTERY_FULL)                                                                                \
    X(DISCHARGE_LIMIT)                                                                             \
    X(BRAKE_LIMIT)                                                                                 \
    X(CHARGER_LIMIT)                                                                               \
    X(CHARGER_MAX)                                                                                 \
    X(CHARGER_POWER)                                                                               \
    X(AC_KIND)                                                                                     \
    X(AC_RELAY)                                                                                    \
    X(AC_VOLTAGE)                                                                                  \
    X(HEAT_1)                                                                                      \
    X(HEAT_2)

enum vb_leaf_value {
#define X(name) VB_LEAF_##name,
    VB_LEAF_VALUES(X)
#undef X
        VB_LEAF_VALUE_COUNT
};
#define VB_LEAF_UNKNOWN INT64_MIN

enum vb_leaf_sequence { VB_LEAF_DRIVE, VB_LEAF_CHARGING };

/* What every number below may do (hard, below all interfaces). Torque in raw steps of 0.25 Nm, power of 100 W. */
#define VB_LEAF_TORQUE_RISE  4      /* each 10 ms: 100 Nm/s */
#define VB_LEAF_POWER_RISE   1      /* each 10 ms */
#define VB_LEAF_SPEED_MAX    9500   /* rpm: no driving torque above */
#define VB_LEAF_STANDING     100    /* rpm, below: no braking torque, gears change, COAST ends */
#define VB_LEAF_HEAT_MAX     120    /* °C */
#define VB_LEAF_CELLS_MAX_MV 403000 /* 96 cells of 4.2 V */
#define VB_LEAF_CELLS_MIN_MV                                                                       \
    240000 /* 96 cells of 2.5 V: what says less is empty, or says nothing; relays stay open */
#define VB_LEAF_MAINS_MIN_MV  80000 /* what a ZE0 charger measures of mains that are there */
#define VB_LEAF_VOLTAGE_APART 30000 /* mV between bus and battery */
#define VB_LEAF_DISCHARGED    60000 /* mV: what may be touched ends here (ISO 6469-3) */
#define VB_LEAF_LATE_MS       50    /* so late: torque and power are 0 and rise anew */
#define VB_LEAF_VERY_LATE_MS  500   /* so late: power-off */

struct vb_leaf_vcu {
    const struct vb_instance *beside; /* leaf-vcm: its generation, which must be said (not auto) */

    /* heard */
    int64_t heard_ns[VB_LEAF_VOICE_COUNT]; /* last good frame; INT64_MIN = never */
    uint8_t counter[VB_LEAF_VOICE_COUNT];  /* of the last good frame, 0xFF = none */
    int64_t damaged_ns;                    /* last damaged frame; INT64_MIN = none */
    int64_t other_ns;                      /* last frame of another VCM */
    int64_t value[VB_LEAF_VALUE_COUNT];    /* VB_LEAF_UNKNOWN: not there */

    /* wished */
    bool drive, charge;  /* somebody asks for them */
    bool torque_asked;   /* in this gear */
    uint8_t gear_wish;   /* as in 11A */
    uint8_t gear_asked;  /* the same, as the lease has it: it may be older than this start */
    int64_t torque_wish; /* raw of 1D4 */
    int64_t power_wish;  /* steps of 100 W */
    int64_t dcdc_wish;   /* raw of 1F2 */

    /* state */
    uint8_t sequence;                    /* enum vb_leaf_sequence */
    uint8_t state, step;                 /* enum vb_leaf_state; row of the sequence's table */
    uint8_t trouble;                     /* enum vb_leaf_trouble: now */
    uint8_t fault;                       /* ... because of which it was powered off last */
    bool must_release;                   /* after a fault: the wish has to end first */
    const char *missing;                 /* what the state waits for, a sentence; NULL: nothing */
    int64_t began_ns, state_ns, step_ns; /* when sequence, state, row began */
    int64_t trouble_ns[VB_LEAF_TROUBLE_COUNT]; /* since when; INT64_MIN = not there */
    int64_t late_ns;                           /* when we came late last */

    uint8_t gear, gear_to;       /* as in 11A; different: it is being changed ... */
    int64_t shift_ns;            /* ... since */
    int64_t torque, power, dcdc; /* sent now: raw of 1D4, steps of 100 W, raw of 1F2 */
    int64_t dcdc_ns;             /* last step of the DC-DC voltage */
    uint8_t hold;                /* enum vb_leaf_hold: why torque or power is not what is wished */

    /* sending */
    int64_t due_ns;  /* the next 10 ms; INT64_MAX in OFF */
    uint32_t turn;   /* how many tens of ms there were */
    uint8_t waiting; /* bits: frames that take() has still to give */
    uint8_t data[8];
};

/* The machine beside the device leaf-vcm; its state is a struct vb_leaf_vcu. */
extern const struct vb_machine vb_machine_leaf_vcu;

#endif
