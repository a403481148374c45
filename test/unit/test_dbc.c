/* test_dbc.c - a DBC file as a device: statements, multiplexing, exact ratios, floating point, and what is odd.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "host/file/dbc.h"
#include "voltbus/err.h"

/* A file under test: its device, and what was told about it, "line: what" one a line. */
struct file {
    struct arena arena;
    const struct vb_device *device;
    char notes[4000];
    char why[DBC_WHY];
};

static void tell(void *context, unsigned long line, const char *what) {
    struct file *f = context;
    size_t n = strlen(f->notes);
    snprintf(f->notes + n, sizeof f->notes - n, "%lu: %s\n", line, what);
}

static void parse(struct file *f, const char *text, size_t n) {
    *f = (struct file){.why = ""};
    f->device = dbc_parse(&f->arena, "some/car.dbc", text, n, tell, f, f->why);
}

/* Read it: it is a device that the engine can work with. */
static void take(struct file *f, const char *text) {
    struct vb_defect defect = {0};
    parse(f, text, strlen(text));
    assert_string_equal(f->why, "");
    assert_non_null(f->device);
    if (vb_device_check(f->device, &defect) != VB_OK) {
        fail_msg("%s", defect.what);
    }
}

static void done(struct file *f) {
    arena_free(&f->arena);
}

/* What a frame says: "name=value unit; ..", "!" behind what is out of range. */
static void says(const struct file *f, struct vb_frame frame, const char *expected) {
    struct vb_instance instance;
    static struct vb_sample samples[256];
    char out[2000] = "";
    size_t n = 0;
    vb_instance_init(&instance, f->device, NULL, 0);
    struct vb_reading reading = vb_instance_read(&instance, &frame, samples, 256);
    for (size_t i = 0; i < reading.count; i++) {
        char value[200];
        value[vb_signal_text(samples[i].signal, samples[i].raw, value, sizeof value - 1, NULL)] =
            '\0';
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%s=%s%s%s%s", i ? "; " : "",
                              samples[i].signal->name, value, samples[i].signal->unit[0] ? " " : "",
                              samples[i].signal->unit, samples[i].out_of_range ? "!" : "");
    }
    assert_string_equal(out, expected);
}
#define CAN(number, ...)                                                                           \
    (struct vb_frame) {                                                                            \
        .id = (number), .kind = VB_KIND_CAN, .len = sizeof((const uint8_t[]){__VA_ARGS__}),        \
        .data = (const uint8_t[]) {                                                                \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define CAN29(number, ...)                                                                         \
    (struct vb_frame) {                                                                            \
        .id = (number), .kind = VB_KIND_CAN, .flags = VB_FRAME_EXT,                                \
        .len = sizeof((const uint8_t[]){__VA_ARGS__}), .data = (const uint8_t[]) {                 \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static void test_a_signal_is_bits_a_ratio_and_a_unit(void **state) {
    (void)state;
    struct file f;
    take(&f, "VERSION \"\"\n"
             "BU_: HVBAT\n"
             "BO_ 475 Pack: 8 HVBAT\n"
             " SG_ Current : 7|11@0- (0.5,0) [-400|200] \"A\" Vector__XXX\n"
             " SG_ Voltage : 23|10@0+ (0.5,0) [0|450] \"V\" Vector__XXX\n"
             " SG_ Counter : 48|2@1+ (1,0) [0|3] \"\" VCM,INV\n"
             " SG_ Temperature : 40|8@1+ (1,-40) [-40|86] \"degC\" VCM, INV\n");
    assert_string_equal(f.notes, "");
    assert_string_equal(f.device->name, "car");
    assert_string_equal(f.device->messages[0].title, "HVBAT");
    /* current: FD E = 11111101111 = -17, voltage: C1 8 = 1100000110 = 774, 65 - 40 */
    says(&f, CAN(475, 0xFD, 0xE0, 0xC1, 0x80, 0, 65, 2, 0),
         "Pack.Current=-8.5 A; Pack.Voltage=387.0 V; Pack.Counter=2; Pack.Temperature=25 degC");
    says(&f, CAN(476, 0xFD, 0xE0, 0xC1, 0x80, 0, 65, 2, 0), "");
    /* a frame that is shorter than its message has the signals that are in it */
    says(&f, CAN(475, 0xFD, 0xE0), "Pack.Current=-8.5 A");
    done(&f);
}

static void test_what_is_read_beyond_a_range_is_shown_unmarked_and_is_not_written(void **state) {
    (void)state;
    struct file f;
    uint8_t data[1] = {0};
    take(&f, "BO_ 1 M: 1 X\n SG_ A : 0|8@1+ (0.5,-1) [0|10.0004] \"V\" X\n");
    const struct vb_signal *row = &f.device->messages[0].signals[0];
    assert_int_equal(row->limits->min_milli, 0);
    assert_int_equal(row->limits->max_milli, 10001); /* never narrower */
    says(&f, CAN(1, 200), "M.A=99.0 V");
    assert_int_equal(vb_signal_put(row, 200, data, 1), VB_E_RANGE);
    assert_int_equal(vb_signal_put(row, 20, data, 1), VB_OK);
    done(&f);
}

static void test_white_space_is_free(void **state) {
    (void)state;
    struct file f;
    take(&f, "\xEF\xBB\xBF"
             "NS_ :\r\n\tNS_DESC_\r\n\tCM_\r\n\tBO_\r\n\r\nBS_:\r\nBU_:A\r\n\tB C\r\n"
             "// made by hand\r\n"
             "BO_\t1\tM :2 Vector__XXX\r\n"
             "SG_ A:0 | 8 @1+( 2e0 , +1 )[ 0|0 ]\"\"Vector__XXX\r\n"
             "   SG_  B  m1  : 8|4@1- (-1,0) [0|0] \"\"  A,\r\n   B\r\n"
             "SG_ C M: 12|4@1+ (1,0) [0|0] \"a, b\" A B\r\n");
    assert_string_equal(f.notes, "");
    says(&f, CAN(1, 3, 0x1F), "M.A=7; M.B=1; M.C=1 a, b");
    says(&f, CAN(1, 3, 0x2F), "M.A=7; M.C=2 a, b");
    done(&f);
}

static void test_factors_are_exact(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 1 M: 8 X\n"
             " SG_ A : 0|8@1+ (0.1,0) [0|0] \"\" X\n"
             " SG_ B : 0|8@1+ (1e-3,0) [0|0] \"\" X\n"
             " SG_ C : 0|8@1+ (0.00390625,-0.5) [0|0] \"\" X\n"
             " SG_ D : 0|8@1+ (-2.5E+1,1000) [0|0] \"\" X\n"
             " SG_ E : 0|8@1+ (9007199254740993,0) [0|0] \"\" X\n"
             " SG_ F : 0|8@1+ (1,9007199254740993) [0|0] \"\" X\n"
             " SG_ G : 0|8@1+ (0.30000000000000004,0) [0|0] \"\" X\n"
             " SG_ H : 0|56@1+ (0.0009765625,0) [0|0] \"\" X\n"
             " SG_ I : 0|64@1- (0.0009765625,0) [0|0] \"\" X\n"
             " SG_ J : 0|64@1+ (1,0) [0|0] \"\" X\n");
    /* 255: and 2^56 - 1 = 72057594037927935, which is 70368744177663.9990234375 * 1024 */
    says(&f, CAN(1, 255, 255, 255, 255, 255, 255, 255, 255),
         "M.A=25.5; M.B=0.255; M.C=0.49609375; M.D=-5375; M.E=2296835809958953215; "
         "M.F=9007199254741248; "
         "M.G=76.500000000000; M.H=70368744177663.9990234375; M.I=-0.0009765625; "
         "M.J=18446744073709551615");
    done(&f);
}

static void test_factors_that_nothing_can_hold_are_told(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 1 M: 8 X\n"
             " SG_ A : 0|8@1+ (0,5) [0|0] \"\" X\n"
             " SG_ B : 8|8@1+ (1e30,0) [0|0] \"\" X\n"
             " SG_ C : 16|8@1+ (1e-30,0) [0|0] \"\" X\n"
             " SG_ D : 24|8@1+ (x,nan) [5|] \"\" X\n");
    says(&f, CAN(1, 1, 1, 1, 1), "M.A=6; M.B=9223372036854775807; M.C=0.000000000000; M.D=1");
    assert_string_equal(
        f.notes,
        "2: A: the factor is 0: read as 1\n"
        "3: B: factor and offset do not fit 64 bits together: the nearest that does is taken\n"
        "4: C: factor and offset do not fit 64 bits together: the nearest that does is taken\n"
        "5: the factor: 'x' is no number, read as 0\n"
        "5: the offset: 'nan' is no number, read as 0\n"
        "5: the maximum: '' is no number, read as 0\n"
        "5: D: the factor is 0: read as 1\n"
        "5: D: the minimum is above the maximum: no range\n");
    done(&f);
}

static void test_one_signal_selects_others(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 1 M: 8 X\n"
             " SG_ Select M : 0|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ One m1 : 8|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ Two m2 : 8|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ Always : 16|8@1+ (1,0) [0|0] \"\" X\n");
    assert_string_equal(f.notes, ""); /* One and Two share bits, and never meet */
    says(&f, CAN(1, 1, 7, 9), "M.Select=1; M.One=7; M.Always=9");
    says(&f, CAN(1, 2, 7, 9), "M.Select=2; M.Two=7; M.Always=9");
    says(&f, CAN(1, 3, 7, 9), "M.Select=3; M.Always=9");
    done(&f);
}

static void test_selectors_are_nested_and_have_ranges(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 2147483649 M: 8 X\n"
             " SG_ A M : 0|4@1+ (1,0) [0|0] \"\" X\n"
             " SG_ B m1M : 4|4@1+ (1,0) [0|0] \"\" X\n"
             " SG_ Deep m2 : 8|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ Flat m0 : 8|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ Both m0 : 16|8@1+ (1,0) [0|0] \"\" X\n"
             "SG_MUL_VAL_ 2147483649 B A 1-1;\n"
             "SG_MUL_VAL_ 2147483649 Deep B 2-2, 5-7 ;\n"
             "SG_MUL_VAL_ 2147483649 Flat A 0-0,3-3;\n"
             "SG_MUL_VAL_ 2147483649 Both A 0-0;\n"
             "SG_MUL_VAL_ 2147483649 Both B 6-6;\n");
    assert_string_equal(f.notes, "");
    says(&f, CAN29(1, 0x21, 7, 9), "M.A=1; M.B=2; M.Deep=7");
    says(&f, CAN29(1, 0x61, 7, 9), "M.A=1; M.B=6; M.Deep=7; M.Both=9");
    says(&f, CAN29(1, 0x41, 7, 9), "M.A=1; M.B=4");
    says(&f, CAN29(1, 0x23, 7, 9), "M.A=3; M.Flat=7");
    says(&f, CAN29(1, 0x60, 7, 9), "M.A=0; M.Flat=7; M.Both=9");
    says(&f, CAN(1, 0x21, 7, 9), ""); /* 11 bits are another id */
    done(&f);
}

static void test_odd_selectors_are_told_and_hide_nothing(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 1 M: 8 X\n"
             " SG_ A m1 : 0|8@1+ (1,0) [0|0] \"\" X\n"
             "BO_ 2 N: 8 X\n"
             " SG_ A M : 0|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ B M : 8|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ C m1 : 16|8@1+ (1,0) [0|0] \"\" X\n"
             "BO_ 3 O: 8 X\n"
             " SG_ A m1M : 0|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ B m1M : 8|8@1+ (1,0) [0|0] \"\" X\n"
             "SG_MUL_VAL_ 3 A B 1-1;\n"
             "SG_MUL_VAL_ 3 B A 1-1;\n"
             "SG_MUL_VAL_ 2 C Z 1-1;\n"
             "SG_MUL_VAL_ 2 C A 5-1;\n");
    says(&f, CAN(1, 9), "M.A=9");
    says(&f, CAN(2, 1, 2, 3), "N.A=1; N.B=2; N.C=3");
    says(&f, CAN(3, 9, 9), "O.A=9");
    assert_string_equal(
        f.notes, "2: A: the message has no signal with M: shown in every frame\n"
                 "8: A: the selectors go round in a circle, or too deep: shown in every frame\n"
                 "12: C: the message has no signal 'Z' that could select it\n"
                 "13: C: '5-1' is no range LOW-HIGH\n");
    done(&f);
}

static void test_a_second_m_is_told(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 2 N: 8 X\n"
             " SG_ A M : 0|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ B M : 8|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ C m1 : 16|8@1+ (1,0) [0|0] \"\" X\n");
    assert_string_equal(f.notes, "3: B: a second M without SG_MUL_VAL_: only A selects\n");
    says(&f, CAN(2, 1, 2, 3), "N.A=1; N.B=2; N.C=3");
    says(&f, CAN(2, 2, 1, 3), "N.A=2; N.B=1");
    done(&f);
}

static void test_texts_of_values_become_words(void **state) {
    (void)state;
    struct file f;
    take(&f, "VAL_TABLE_ OnOff 1 \"On\" 0 \"Off\" ;\n"
             "BO_ 1 M: 8 X\n"
             " SG_ A : 0|8@1- (1,0) [0|0] \"\" X\n"
             " SG_ B : 8|1@1+ (1,0) [0|0] \"\" X\n"
             " SG_ C : 9|7@1+ (1,0) [0|0] \"\" X\n"
             "VAL_ 1 A -1 \"Not available\" 0 \"-40 \xB0"
             "C\" 1 \"1.5 kW!\" 2 \"Say \\\"stop\\\"\"\n"
             "  3 \"...\" 4 \"not_available\" 5 \"\xC3\xA4\" 5 \"again\" ;\n"
             "VAL_ 1 B OnOff ;\n"
             "VAL_ 1 C ;\n"
             "VAL_ Variable 1 \"x\" ;\n"
             "VAL_ 1 C Nowhere ;\n");
    static const char *const words[] = {"-40_\xC2\xB0"
                                        "c",
                                        "1.5_kw",
                                        "say_stop",
                                        "value_3",
                                        "not_available_4",
                                        "\xC3\xA4",
                                        "6"};
    for (uint8_t i = 0; i < 7; i++) {
        char text[100];
        snprintf(text, sizeof text, "M.A=%s", words[i]);
        says(&f, CAN(1, i), text);
    }
    says(&f, CAN(1, 0xFF, 3), "M.A=not_available; M.B=on; M.C=1");
    assert_string_equal(f.notes, "7: the value 5 has a second text: left out\n"
                                 "11: there is no VAL_TABLE_ 'Nowhere'\n");
    done(&f);
}

/* As choices.dbc of cantools has it: 2 would get the word of 4. */
static void test_no_two_values_have_one_word(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 1 M: 8 X\n"
             " SG_ A : 0|8@1+ (1,0) [0|0] \"\" X\n"
             "VAL_ 1 A 4 \"unused 2\" 3 \"unused\" 2 \"unused\" ;\n");
    says(&f, CAN(1, 4), "M.A=unused_2");
    says(&f, CAN(1, 3), "M.A=unused");
    says(&f, CAN(1, 2), "M.A=unused_2_2");
    done(&f);
}

static void test_comments_periods_and_long_names(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 1 Short: 8 X\n"
             " SG_ S : 0|8@1+ (1,0) [0|0] \"\" X\n"
             "BO_ 2 Other: 8 X\n"
             "CM_ \"of the whole\";\n"
             "CM_ BU_ X \"a node\";\n"
             "CM_ BO_ 2 \"two\n   lines; with \\\"quotes\\\" \" ;\n"
             "CM_ SG_ 1 S \"Temperature in \xB0"
             "C\";\n"
             "BA_DEF_ BO_ \"GenMsgCycleTime\" INT 0 65535;\n"
             "BA_DEF_ SG_ \"SystemSignalLongSymbol\" STRING ;\n"
             "BA_DEF_DEF_ \"GenMsgCycleTime\" 100;\n"
             "BA_ \"GenMsgCycleTime\" BO_ 2 10.4;\n"
             "BA_ \"BusType\" \"CAN FD\";\n"
             "BA_ \"SystemMessageLongSymbol\" BO_ 1 \"AVeryLongNameOfAMessageIndeedItIs\";\n"
             "BA_ \"SystemSignalLongSymbol\" SG_ 1 S \"AVeryLongNameOfASignalIndeedItIs_1\";\n"
             "BA_ \"GenSigStartValue\" SG_ 1 S 5;\n"
             "BO_TX_BU_ 1 : X,Y;\n"
             "SIG_GROUP_ 1 G 1 : S;\n"
             "BA_REL_ \"GenSigTimeout\" BU_SG_REL_ X SG_ 1 S 100;\n");
    assert_string_equal(f.notes, "");
    assert_int_equal(f.device->messages[0].period_ms, 100);
    assert_int_equal(f.device->messages[1].period_ms, 10);
    assert_string_equal(f.device->messages[1].title, "two lines; with \"quotes\"");
    assert_string_equal(f.device->messages[0].signals[0].title, "Temperature in \xC2\xB0"
                                                                "C");
    says(&f, CAN(1, 5), "AVeryLongNameOfAMessageIndeedItIs.AVeryLongNameOfASignalIndeedItIs_1=5");
    done(&f);
}

static void test_a_cycle_time_that_has_no_room_is_told_and_none(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 1 Hourly: 8 X\n"
             "BO_ 2 Minutely: 8 X\n"
             "BA_ \"GenMsgCycleTime\" BO_ 1 3600000;\n"
             "BA_ \"GenMsgCycleTime\" BO_ 2 60000;\n");
    assert_string_equal(f.notes, "1: Hourly: a cycle time of more than 65535 ms: left out\n");
    assert_int_equal(f.device->messages[0].period_ms, 0);
    assert_int_equal(f.device->messages[1].period_ms, 60000);
    done(&f);
}

static void test_windows_1252_becomes_utf8_and_utf8_stays(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 1 M: 8 X\n"
             " SG_ A : 0|8@1+ (1,0) [0|0] \"\xB0"
             "C\" X\n"
             " SG_ B : 0|8@1+ (1,0) [0|0] \"\xC2\xB0"
             "C\" X\n"
             " SG_ C : 0|8@1+ (1,0) [0|0] \"\x80/kWh\x81\" X\n"
             " SG_ D\xE4 : 0|8@1+ (1,0) [0|0] \"\x1B[2J\xC2\x9B\" X\n");
    says(&f, CAN(1, 1),
         "M.A=1 \xC2\xB0"
         "C; M.B=1 \xC2\xB0"
         "C; M.C=1 \xE2\x82\xAC/kWh?; M.D_=1 [2J");
    done(&f);
}

static void test_floating_point_is_shown_as_short_as_it_is_exact(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 1 M: 8 X\n"
             " SG_ A : 0|32@1- (1,0) [0|0] \"V\" X\n"
             " SG_ B : 39|32@0- (0.1,-5) [0|10] \"\" X\n"
             "BO_ 2 N: 8 X\n"
             " SG_ A : 0|64@1- (1,0) [0|0] \"\" X\n"
             " SG_ B : 0|16@1- (1,0) [0|0] \"\" X\n"
             "SIG_VALTYPE_ 1 A : 1;\n"
             "SIG_VALTYPE_ 1 B 1 ;\n"
             "SIG_VALTYPE_ 2 A : 2;\n"
             "SIG_VALTYPE_ 2 B : 2;\n");
    /* 0.1 is 3DCCCCCD, 1 is 3F800000: 0.1 * 1 - 5 */
    says(&f, CAN(1, 0xCD, 0xCC, 0xCC, 0x3D, 0x3F, 0x80, 0, 0), "M.A=0.1 V; M.B=-4.9");
    says(&f, CAN(1, 0, 0, 0, 0xBF, 0x42, 0x48, 0, 0), "M.A=-0.5 V; M.B=0"); /* 50 * 0.1 - 5 */
    says(&f, CAN(1, 0xFF, 0xFF, 0x7F, 0x7F, 0x7F, 0xC0, 0, 0), "M.A=3.4028235e+38 V"); /* and NaN */
    says(&f, CAN(1, 1, 0, 0, 0x80, 0xFF, 0x80, 0, 0), "M.A=-1e-45 V"); /* and -infinite */
    says(&f, CAN(1, 0, 0, 0x80, 0x4B, 0xCB, 0x80, 0, 0), "M.A=16777216 V; M.B=-1677726.6");
    says(&f, CAN(2, 0x9A, 0x99, 0x99, 0x99, 0x99, 0x99, 0xB9, 0x3F), "N.A=0.1; N.B=-26214");
    says(&f, CAN(2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xEF, 0xFF),
         "N.A=-1.7976931348623157e+308; N.B=-1");
    says(&f, CAN(2, 1, 0, 0, 0, 0, 0, 0, 0), "N.A=5e-324; N.B=1");
    says(&f, CAN(2, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xE5, 0x3F),
         "N.A=0.6666666666666666; N.B=21845");
    assert_string_equal(
        f.notes, "6: B: shares bits with A in line 5\n"
                 "10: B: a floating point number of 16 bits, expected 64: read as an integer\n");
    done(&f);
}

/* A number that is not made by our own code: the C library reads the text back. */
static void test_floating_point_text_gives_the_same_number_back(void **state) {
    (void)state;
    struct vb_signal row = {.name = "a", .unit = "", .len = 64, .flags = VB_FLOAT};
    uint64_t random = 88172645463325252u;
    for (unsigned i = 0; i < 20000; i++) {
        char text[64];
        char shorter[64];
        random ^= random << 13; /* xorshift64 */
        random ^= random >> 7;
        random ^= random << 17;
        uint64_t bits =
            i % 4 == 0 ? random & 0x800FFFFFFFFFFFFF : random; /* the smallest ones, too */
        bits = i % 5 == 0 ? bits & 0xFFF0000000000000 : bits;  /* powers of two */
        double value;
        memcpy(&value, &bits, sizeof value);
        if ((bits >> 52 & 0x7FF) != 0x7FF) {
            row.len = 64;
            text[vb_signal_text(&row, (int64_t)bits, text, sizeof text - 1, NULL)] = '\0';
            assert_true(strtod(text, NULL) == value);
            size_t digits = 0;
            bool fraction = false;
            for (const char *p = text; *p && *p != 'e';
                 p++) { /* zeros at the end of a whole number do not count */
                digits += *p >= '0' && *p <= '9' && (digits > 0 || *p > '0');
                fraction |= *p == '.';
            }
            if (digits > 1 && fraction) {
                snprintf(shorter, sizeof shorter, "%.*e", (int)digits - 2, value);
                assert_false(strtod(shorter, NULL) == value);
            }
        }
        uint32_t single_bits = (uint32_t)bits;
        if ((single_bits >> 23 & 0xFF) != 0xFF) {
            float single;
            memcpy(&single, &single_bits, sizeof single);
            row.len = 32;
            text[vb_signal_text(&row, single_bits, text, sizeof text - 1, NULL)] = '\0';
            assert_true(strtof(text, NULL) == single);
        }
    }
}

static void test_a_j1939_message_is_known_by_its_group(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 2566844670 Engine: 8 X\n" /* 18FEF0FE: group FEF0 */
             " SG_ A : 0|8@1+ (1,0) [0|0] \"\" X\n"
             "BO_ 2565810174 Private: 8 X\n" /* 18EF27FE: group EF00, to 27 */
             " SG_ A : 0|8@1+ (1,0) [0|0] \"\" X\n"
             "BO_ 2566848513 Left: 8 X\n" /* 18FF0001 */
             " SG_ A : 0|8@1+ (1,0) [0|0] \"\" X\n"
             "BO_ 2566848514 Right: 8 X\n" /* 18FF0002: the same group */
             " SG_ A : 0|8@1+ (1,0) [0|0] \"\" X\n"
             "BO_ 2147484672 Plain: 8 X\n"
             " SG_ A : 0|8@1+ (1,0) [0|0] \"\" X\n"
             "BO_ 1024 Short: 8 X\n"
             " SG_ A : 0|8@1+ (1,0) [0|0] \"\" X\n"
             "BA_DEF_ BO_ \"VFrameFormat\" ENUM "
             "\"StandardCAN\",\"ExtendedCAN\",\"reserved\",\"J1939PG\";\n"
             "BA_DEF_DEF_ \"VFrameFormat\" \"J1939PG\";\n"
             "BA_ \"VFrameFormat\" BO_ 2147484672 1;\n");
    assert_string_equal(f.notes, "");
    says(&f, CAN29(0x18FEF0FE, 1), "Engine.A=1");
    says(&f, CAN29(0x0CFEF012, 1), "Engine.A=1");  /* another priority, another source */
    says(&f, CAN29(0x18FEF112, 1), "");            /* another group */
    says(&f, CAN29(0x1CEF33AA, 1), "Private.A=1"); /* to another receiver */
    says(&f, CAN29(0x18FF0001, 1), "Left.A=1");
    says(&f, CAN29(0x0CFF0002, 1), "Right.A=1");
    says(&f, CAN29(0x18FF0003, 1), "");
    says(&f, CAN29(0x00000400, 1), "Plain.A=1");
    says(&f, CAN29(0x04000400, 1), "");
    says(&f, CAN(0x400, 1), "Short.A=1");
    done(&f);
}

static void test_signals_beyond_eight_bytes_are_of_can_fd(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 1 M: 64 X\n"
             " SG_ A : 504|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ B : 503|12@0+ (1,0) [0|0] \"\" X\n");
    uint8_t data[64] = {[62] = 0xAB, [63] = 0xCD};
    struct vb_frame frame = {
        .id = 1, .kind = VB_KIND_CAN, .flags = VB_FRAME_FD, .len = 64, .data = data};
    assert_string_equal(f.notes, "3: B: shares bits with A in line 2\n");
    says(&f, frame, "M.A=205; M.B=2748");
    done(&f);
}

static void test_what_is_odd_is_told_with_its_line_and_the_rest_is_read(void **state) {
    (void)state;
    struct file f;
    take(&f, "VERSION \"1\"\n"
             " SG_ Early : 0|8@1+ (1,0) [0|0] \"\" X\n"
             "BO_ 1 M: 1 X\n"
             " SG_ A : 0|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ A : 4|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ B : 0|0@1+ (1,0) [0|0] \"\" X\n"
             " SG_ C : 0|65@1+ (1,0) [0|0] \"\" X\n"
             " SG_ D : 0-8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ E : 0|8@2+ (1,0) [0|0] \"\" X\n"
             " SG_ F : 0|8@1* (1,0) [0|0] \"\" X\n"
             " SG_ G x : 0|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ H : 0|8@1+ 1,0 [0|0] \"\" X\n"
             " SG_\n"
             "BO_ 1 Again: 8 X\n"
             " SG_ A : 0|8@1+ (1,0) [0|0] \"\" X\n"
             "BO_ 2 M: 100 X\n"
             "BO_ 4294967295 Wrong: 8 X\n"
             " SG_ A : 0|8@1+ (1,0) [0|0] \"\" X\n"
             "BO_ 2048 Long: 8 X\n"
             "HELLO world\n"
             "BO_ x Y: 8 X\n"
             "CM_ SG_ 1 Z \"nobody\";\n"
             "CM_ BO_ 77 \"nobody\";\n"
             "VAL_ 1 A 1 \"one\" 2;\n"
             "BA_ GenMsgCycleTime 5;\n"
             ";\n"
             "SIG_VALTYPE_ 1 A : 3;\n"
             "CM_ SG_ 1 A \"no end;\n");
    assert_string_equal(
        f.notes,
        "2: a signal before the first message: left out\n"
        "5: A: line 4 has the name A already: called A_5\n"
        "5: A: reaches beyond the 1 byte of the message: absent in shorter frames\n"
        "5: A: shares bits with A in line 4\n"
        "6: B: 0 bits from bit 0 on: expected 1 to 64 bits; left out\n"
        "7: C: 65 bits from bit 0 on: expected 1 to 64 bits; left out\n"
        "8: expected START|BITS@ORDER, not '0-8@1+ (1,0) [0|0] \"\" X'\n"
        "9: expected 1 (little endian) or 0 (big endian), not '2+ (1,0) [0|0] \"\" X'\n"
        "10: expected '+' or '-', not '* (1,0) [0|0] \"\" X'\n"
        "11: expected M, m and a number, or ':' behind the name of the signal, not 'x : 0|8@1+ "
        "(1,0) [0|0] \"\" X'\n"
        "12: expected (FACTOR,OFFSET), not '1,0 [0|0] \"\" X'\n"
        "13: expected SG_ NAME : START|BITS@ORDER SIGN (FACTOR,OFFSET) [MIN|MAX] \"UNIT\", not "
        "'the end of the line'\n"
        "14: Again: the id stands in line 3 already: only that message is read\n"
        "16: M: 100 bytes: a CAN frame has 0 to 64; longer messages are not put together\n"
        "16: M: line 3 has the name M already: called M_16\n"
        "17: Wrong: no frame can have the id 4294967295: left out\n"
        "19: Long: 2048 is no id of 11 bits: read as one of 29 (which is written 2147485696)\n"
        "20: expected a keyword of DBC, not 'HELLO world'\n"
        "21: expected BO_ NUMBER NAME: LENGTH SENDER, not 'x Y: 8 X'\n"
        "22: message 1 has no signal 'Z'\n"
        "23: there is no message 77\n"
        "24: expected NUMBER \"TEXT\" or ;, not '2;'\n"
        "25: expected the \"NAME\" of the attribute, not 'GenMsgCycleTime 5;'\n"
        "27: A: expected 0, 1 (float) or 2 (double), not 3: read as an integer\n"
        "28: expected \"COMMENT\", not '\"no end;'\n");
    assert_int_equal(f.device->message_count, 4);
    says(&f, CAN(1, 5, 1), "M.A=5; M.A_5=16");
    done(&f);
}

static void test_signals_of_no_message_are_left_out(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 3221225472 VECTOR__INDEPENDENT_SIG_MSG: 0 Vector__XXX\n"
             " SG_ A m3 : 0|8@1+ (1,0) [0|0] \"\" X\n"
             "BO_ 1 M: 8 Vector__XXX\n"
             " SG_ A : 0|8@1+ (1,0) [0|0] \"\" X\n"
             "CM_ SG_ 3221225472 A \"known all the same\";\n");
    assert_string_equal(f.notes, "");
    assert_int_equal(f.device->message_count, 1);
    assert_string_equal(f.device->messages[0].title, "");
    done(&f);
}

static void test_what_is_no_dbc_is_an_error(void **state) {
    (void)state;
    static const char *const texts[] = {
        "", "\n\n", "(1712145600.123456) can0 1DB#00\n", "\x89PNG\r\n\x1A\n", "{}", ";"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct file f;
        parse(&f, texts[i], strlen(texts[i]));
        assert_null(f.device);
        assert_string_equal(f.why, "no DBC: none of its statements (VERSION, BU_, BO_ ..) in it");
        done(&f);
    }
    struct arena arena = {NULL};
    char why[DBC_WHY];
    assert_null(dbc_read(&arena, "/nowhere/car.dbc", NULL, NULL, why));
    assert_string_equal(why, "cannot be read: No such file or directory");
    assert_null(dbc_read(&arena, "/", NULL, NULL, why));
    assert_string_equal(why, "cannot be read: Is a directory");
    arena_free(&arena);
}

/* Every beginning of a file gives a device that the engine can work with, or an error. */
static void test_a_file_may_end_anywhere(void **state) {
    (void)state;
    static const char text[] =
        "VERSION \"\"\nBU_: A\nBO_ 1 M: 8 A\n"
        " SG_ S M : 7|8@0- (0.5,0) [-4|2] \"A\" A,B\n SG_ T m1 : 8|32@1+ (1,0) [0|0] \"\" A\n"
        "CM_ SG_ 1 S \"text\";\nVAL_ 1 S 1 \"one\" 0 \"none\" ;\nSIG_VALTYPE_ 1 T : 1;\n"
        "SG_MUL_VAL_ 1 T S 1-1, 3-4;\nBA_ \"GenMsgCycleTime\" BO_ 1 10;\n";
    for (size_t n = 0; n < sizeof text; n++) {
        struct file f;
        struct vb_defect defect = {0};
        char *copy = malloc(n + 1); /* its end is where the sanitizer looks */
        memcpy(copy, text, n);
        char *exact = n > 0 ? realloc(copy, n) : copy;
        parse(&f, exact, n);
        assert_true(n < 10 || f.device);
        assert_true(!f.device || vb_device_check(f.device, &defect) == VB_OK);
        done(&f);
        free(exact);
    }
}

/* ---- files made to be slow ---- */

#define LINES  20000
#define SIGNAL " SG_ S%d : 0|8@1+ (1,0) [0|0] \"\" X\n"

/* A text of a head and so many lines; the lines have their number in them, once or twice. */
static char *lines(char *text, const char *head, const char *line, int count) {
    size_t room = strlen(head) + (size_t)count * (strlen(line) + 12) + 1;
    size_t old = text ? strlen(text) : 0;
    text = realloc(text, old + room);
    assert_non_null(text);
    size_t n = old + (size_t)sprintf(text + old, "%s", head);
    for (int i = 0; i < count; i++) {
        n += (size_t)sprintf(text + n, line, i, i);
    }
    return text;
}

static char *many(char *text, const char *head, const char *line) {
    return lines(text, head, line, LINES);
}

/* Read it; the first note is this one ("": none). */
static const struct vb_device *take_many(struct file *f, char *text, const char *note) {
    take(f, text);
    f->notes[strcspn(f->notes, "\n")] = '\0';
    assert_string_equal(f->notes, note);
    free(text);
    return f->device;
}

static void test_names_that_stand_twice_get_their_line(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 1 M: 8 X\n"
             " SG_ A : 0|8@1+ (1,0) [0|0] \"V\" X\n"
             " SG_ A : 8|8@1+ (1,0) [0|0] \"A\" X\n"
             "BO_ 2 M: 8 X\n"
             " SG_ A : 0|8@1+ (1,0) [0|0] \"W\" X\n");
    assert_string_equal(f.notes, "3: A: line 2 has the name A already: called A_3\n"
                                 "4: M: line 1 has the name M already: called M_4\n");
    says(&f, CAN(1, 5, 6), "M.A=5 V; M.A_3=6 A");
    says(&f, CAN(2, 7), "M_4.A=7 W");
    assert_string_equal(f.device->messages[1].name, "M_4");
    done(&f);
}

static void test_names_that_become_the_same_get_their_line(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 1 M+N: 8 X\n"
             " SG_ A-B : 0|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ A+B : 8|8@1+ (1,0) [0|0] \"\" X\n"
             "BO_ 2 M-N: 8 X\n"
             "BO_ 3 M_N_4: 8 X\n");
    assert_string_equal(f.notes, "3: A+B: line 2 has the name A_B already: called A_B_3\n"
                                 "4: M-N: line 1 has the name M_N already: called M_N_4\n"
                                 "5: M_N_4: line 4 has the name M_N_4 already: called M_N_4_5\n");
    says(&f, CAN(1, 5, 6), "M_N.A_B=5; M_N.A_B_3=6");
    assert_string_equal(f.device->messages[1].name, "M_N_4");
    assert_string_equal(f.device->messages[2].name, "M_N_4_5");
    done(&f);
    /* A_3 is a name of the file, too, before or behind the second A in line 3 or 4 */
    take(&f, "BO_ 1 M: 8 X\n"
             " SG_ A : 0|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ A : 8|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ A_3 : 16|8@1+ (1,0) [0|0] \"\" X\n"
             "BO_ 2 N: 8 X\n"
             " SG_ A : 0|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ A_8 : 8|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ A : 16|8@1+ (1,0) [0|0] \"\" X\n");
    assert_string_equal(f.notes, "3: A: line 2 has the name A already: called A_3\n"
                                 "4: A_3: line 3 has the name A_3 already: called A_3_4\n"
                                 "8: A: line 6 has the name A already: called A_8_2\n");
    says(&f, CAN(1, 5, 6, 7), "M.A=5; M.A_3=6; M.A_3_4=7");
    says(&f, CAN(2, 5, 6, 7), "N.A=5; N.A_8=6; N.A_8_2=7");
    done(&f);
}

static void test_long_names_that_stand_twice_get_their_line(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 1 M: 8 X\n"
             " SG_ A : 0|8@1+ (1,0) [0|0] \"\" X\n"
             " SG_ B : 8|8@1+ (1,0) [0|0] \"\" X\n"
             "BO_ 2 N: 8 X\n"
             "BA_ \"SystemMessageLongSymbol\" BO_ 1 \"Message\";\n"
             "BA_ \"SystemMessageLongSymbol\" BO_ 2 \"Message\";\n"
             "BA_ \"SystemSignalLongSymbol\" SG_ 1 A \"Signal\";\n"
             "BA_ \"SystemSignalLongSymbol\" SG_ 1 B \"Signal\";\n");
    assert_string_equal(f.notes, "3: B: line 2 has the name Signal already: called Signal_3\n"
                                 "4: N: line 1 has the name Message already: called Message_4\n");
    says(&f, CAN(1, 5, 6), "Message.Signal=5; Message.Signal_3=6");
    assert_string_equal(f.device->messages[1].name, "Message_4");
    done(&f);
}

static void test_short_names_may_stand_twice_where_the_long_ones_differ(void **state) {
    (void)state;
    struct file f;
    take(&f, "BO_ 1 M: 8 X\n"
             "BO_ 2 M: 8 X\n"
             "BA_ \"SystemMessageLongSymbol\" BO_ 1 \"MessageOne\";\n"
             "BA_ \"SystemMessageLongSymbol\" BO_ 2 \"MessageTwo\";\n");
    assert_string_equal(f.notes, "");
    assert_string_equal(f.device->messages[0].name, "MessageOne");
    assert_string_equal(f.device->messages[1].name, "MessageTwo");
    done(&f);
}

static void test_many_messages_with_equal_ids_names_and_groups_are_all_there(void **state) {
    (void)state;
    struct file f;
    assert_int_equal(take_many(&f, many(NULL, "", "BO_ 2148%06d M%d: 8 X\n"), "")->message_count,
                     LINES);
    done(&f);
    assert_int_equal(take_many(&f, many(NULL, "", "BO_ 1 M%d: 8 X\n"),
                               "2: M1: the id stands in line 1 already: only that message is read")
                         ->message_count,
                     LINES);
    done(&f);
    take_many(&f, many(NULL, "", "BO_ 2148%06d M: 8 X\n"),
              "2: M: line 1 has the name M already: called M_2");
    done(&f);
    /* 80124F00 and so on: every group has 256 of them */
    const struct vb_device *device = take_many(
        &f, many(NULL, "BA_DEF_DEF_ \"VFrameFormat\" \"J1939PG\";\n", "BO_ 2148%06d M%d: 8 X\n"),
        "");
    assert_int_equal(device->messages[LINES - 1].mask, 0x03FFFFFF);
    done(&f);
}

static void test_many_signals_with_equal_names_and_bits_are_all_there(void **state) {
    (void)state;
    struct file f;
    take_many(&f, many(NULL, "BO_ 1 M: 8 X\n", SIGNAL), "3: S1: shares bits with S0 in line 2");
    assert_int_equal(f.device->messages[0].signal_count, LINES);
    done(&f);
    take_many(&f, many(NULL, "BO_ 1 M: 8 X\n", " SG_ S : 0|8@1+ (1,0) [0|0] \"\" X\n"),
              "3: S: line 2 has the name S already: called S_3");
    done(&f);
    /* all in one line: the lines do not tell them apart */
    take_many(&f, many(NULL, "BO_ 1 M: 8 X\n", " SG_ S : 0|8@1+ (1,0) [0|0] \"\" X;"),
              "2: S: line 2 has the name S already: called S_2");
    assert_int_equal(f.device->messages[0].signal_count, LINES);
    assert_string_equal(f.device->messages[0].signals[LINES - 1].name, "M.S_2_19999");
    done(&f);
    /* each has its own value of the selector: they share bits and never meet, and that is many pairs */
    take_many(&f,
              many(NULL, "BO_ 1 M: 8 X\n SG_ A M : 0|32@1+ (1,0) [0|0] \"\" X\n",
                   " SG_ S%d m%d : 32|8@1+ (1,0) [0|0] \"\" X\n"),
              "2585: S2582: too many signals on the same bits: not looked at from here on");
    says(&f, CAN(1, 0x1F, 0x4E, 0, 0, 7), "M.A=19999; M.S19999=7");
    done(&f);
    /* each selects itself */
    char *text = many(NULL, "BO_ 1 M: 8 X\n", " SG_ S%d m1M : 0|8@1+ (1,0) [0|0] \"\" X\n");
    text = many(text, "", "SG_MUL_VAL_ 1 S%d S%d 1-1;\n");
    take_many(&f, text, "1: M: 10 selectors that are none: all signals are shown in every frame");
    done(&f);
}

static void test_many_statements_about_signals_find_their_signal(void **state) {
    (void)state;
    static const char *const lines[] = {"CM_ SG_ 1 S%d \"x\";\n", "VAL_ 1 S%d 1 \"x\";\n",
                                        "SIG_VALTYPE_ 1 S%d : 0;\n", "SG_MUL_VAL_ 1 S%d S1 1-1;\n",
                                        "BA_ \"SystemSignalLongSymbol\" SG_ 1 S%d \"x%d\";\n"};
    struct file f;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char *text = many(NULL, "BO_ 1 M: 8 X\n", " SG_ S%d : 600|8@1+ (1,0) [0|0] \"\" X\n");
        text = many(text, "", lines[i]);
        take_many(
            &f, text,
            strstr(lines[i], "SG_MUL")
                ? "2: S0: the selectors go round in a circle, or too deep: shown in every frame"
                : "2: S0: reaches beyond the 8 bytes of the message: absent in shorter frames");
        done(&f);
    }
    char *text = many(NULL, "", "BO_ 1 M%d: 8 X\n" SIGNAL); /* one id: a signal may be in any */
    text = many(text, "CM_ SG_ 1 S19999 \"the last one\";\n", "CM_ SG_ 1 T%d \"nobody\";\n");
    take_many(&f, text, "40002: message 1 has no signal 'T0'");
    assert_string_equal(f.device->messages[LINES - 1].signals[0].title, "the last one");
    done(&f);
}

static void test_many_values_and_tables_are_all_there(void **state) {
    (void)state;
    struct file f;
    const char *head = "BO_ 1 M: 8 X\n SG_ A : 0|32@1+ (1,0) [0|0] \"\" X\nVAL_ 1 A\n";
    take_many(&f, many(many(NULL, head, "%d \"v%d\"\n"), ";", ""), "");
    says(&f, CAN(1, 0x1F, 0x4E, 0, 0), "M.A=v19999");
    done(&f);
    take_many(&f, many(many(NULL, head, "%d \"x\"\n"), ";", ""), "");
    says(&f, CAN(1, 0x1F, 0x4E, 0, 0), "M.A=x_19999");
    done(&f);
    take_many(&f, many(many(NULL, head, "7 \"x\"\n"), ";", ""),
              "5: the value 7 has a second text: left out");
    done(&f);
    char *text = many(NULL, "", "VAL_TABLE_ T%d %d \"on\" ;\n");
    text = many(text, "BO_ 1 M: 8 X\n SG_ A : 0|32@1+ (1,0) [0|0] \"\" X\n", "VAL_ 1 A T%d ;\n");
    take_many(&f, text, "");
    says(&f, CAN(1, 0x1F, 0x4E, 0, 0), "M.A=on");
    done(&f);
}

static void test_many_statements_without_an_end_are_given_up(void **state) {
    (void)state;
    struct file f;
    const char *head = "BO_ 1 M: 8 X\n";
    /* no ';': each one goes to the end of the file, and so does each text without a closing '"' */
    take_many(&f, many(NULL, head, "EV_ x\n"),
              "26: too many statements without an end: nothing is read from here on");
    assert_int_equal(f.device->message_count, 1);
    done(&f);
    take_many(&f, many(NULL, head, "EV_ \\\"\n"), "2: expected a text that ends with \", not '\"'");
    assert_int_equal(f.device->message_count, 1);
    done(&f);
    /* what only lacks an end here and there is read */
    take(&f, "BO_ 1 M: 8 X\nEV_ x\nEV_ x\nBO_ 2 N: 8 X\n");
    assert_int_equal(f.device->message_count, 2);
    done(&f);
}

static void tell_last(void *context, unsigned long line, const char *what) {
    snprintf(context, 100, "%lu: %s", line, what);
}

/* The looks at shared bits end in a row that shares bits itself: it is told, and that no more is looked at. */
static void test_the_row_that_uses_up_the_looks_is_told_too(void **state) {
    (void)state;
    char last[100];
    char *text = lines(NULL, "BO_ 1 M: 8 X\n SG_ A M : 0|32@1+ (1,0) [0|0] \"\" X\n",
                       " SG_ S%d m%d : 32|8@1+ (1,0) [0|0] \"\" X\n",
                       2582); /* 1206 of ten millions are left */
    text = lines(text, "",
                 "BO_ 2148%06d N%d: 8 X\n SG_ P : 0|8@1+ (1,0) [0|0] \"\" X\n"
                 " SG_ Q : 0|8@1+ (1,0) [0|0] \"\" X\n",
                 700);
    char why[DBC_WHY];
    struct arena arena = {NULL};
    assert_non_null(dbc_parse(&arena, "car.dbc", text, strlen(text), tell_last, last, why));
    assert_string_equal(last,
                        "4393: Q: too many signals on the same bits: not looked at from here on");
    arena_free(&arena);
    free(text);
}

static void test_notes_beyond_ten_thousand_are_counted(void **state) {
    (void)state;
    char last[100];
    char *text = many(NULL, "BO_ 1 M: 8 X\n", "BO_\n");
    char why[DBC_WHY];
    struct arena arena = {NULL};
    assert_non_null(dbc_parse(&arena, "car.dbc", text, strlen(text), tell_last, last, why));
    assert_string_equal(last, "10001: 10000 more things are odd, and are not told");
    arena_free(&arena);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_signal_is_bits_a_ratio_and_a_unit),
        cmocka_unit_test(test_what_is_read_beyond_a_range_is_shown_unmarked_and_is_not_written),
        cmocka_unit_test(test_white_space_is_free),
        cmocka_unit_test(test_factors_are_exact),
        cmocka_unit_test(test_factors_that_nothing_can_hold_are_told),
        cmocka_unit_test(test_one_signal_selects_others),
        cmocka_unit_test(test_selectors_are_nested_and_have_ranges),
        cmocka_unit_test(test_odd_selectors_are_told_and_hide_nothing),
        cmocka_unit_test(test_a_second_m_is_told),
        cmocka_unit_test(test_texts_of_values_become_words),
        cmocka_unit_test(test_no_two_values_have_one_word),
        cmocka_unit_test(test_comments_periods_and_long_names),
        cmocka_unit_test(test_a_cycle_time_that_has_no_room_is_told_and_none),
        cmocka_unit_test(test_windows_1252_becomes_utf8_and_utf8_stays),
        cmocka_unit_test(test_floating_point_is_shown_as_short_as_it_is_exact),
        cmocka_unit_test(test_floating_point_text_gives_the_same_number_back),
        cmocka_unit_test(test_a_j1939_message_is_known_by_its_group),
        cmocka_unit_test(test_signals_beyond_eight_bytes_are_of_can_fd),
        cmocka_unit_test(test_what_is_odd_is_told_with_its_line_and_the_rest_is_read),
        cmocka_unit_test(test_signals_of_no_message_are_left_out),
        cmocka_unit_test(test_what_is_no_dbc_is_an_error),
        cmocka_unit_test(test_a_file_may_end_anywhere),
        cmocka_unit_test(test_names_that_stand_twice_get_their_line),
        cmocka_unit_test(test_names_that_become_the_same_get_their_line),
        cmocka_unit_test(test_long_names_that_stand_twice_get_their_line),
        cmocka_unit_test(test_short_names_may_stand_twice_where_the_long_ones_differ),
        cmocka_unit_test(test_many_messages_with_equal_ids_names_and_groups_are_all_there),
        cmocka_unit_test(test_many_signals_with_equal_names_and_bits_are_all_there),
        cmocka_unit_test(test_many_statements_about_signals_find_their_signal),
        cmocka_unit_test(test_many_values_and_tables_are_all_there),
        cmocka_unit_test(test_many_statements_without_an_end_are_given_up),
        cmocka_unit_test(test_the_row_that_uses_up_the_looks_is_told_too),
        cmocka_unit_test(test_notes_beyond_ten_thousand_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
