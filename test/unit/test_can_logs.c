/* test_can_logs.c - logs of CAN in the formats of other tools: small files written by hand after the descriptions
 * of their formats, whole, cut short, damaged; found by their content.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include <zlib.h>

#include "host/file/format.h"

#define S INT64_C(1000000000)

static struct reader reader;

struct want {
    int64_t t_ns;
    const char *link, *frame; /* the frame in the notation of voltbus/frame.h */
    uint16_t flags;           /* VB_FRAME_TX and no others */
};

struct file {
    const char *format, *text;
    size_t n; /* 0: up to the end of the string */
    struct want want[8];
    int wrong; /* lines that are named */
};

#define RX 0
#define TX VB_FRAME_TX

static const struct file files[] = {
    {"crtd",
     "1632426775.935928 CXX OVMS CRTD\n"
     "1632426775.935928 CVR 3.0\n"
     "1632426782.045940 1R11 679 00\n"
     "1632426782.5 2T11 79B 02 21 01 ff\n"
     "1632426782.500268 1CEV Event vehicle.charge.pilot.on\n"
     "1632426783.000000 12R29 18FF50E5 \n",
     0,
     {{INT64_C(1632426782045940000), "can1", "679#00", RX},
      {INT64_C(1632426782500000000), "can2", "79B#022101FF", TX},
      {INT64_C(1632426783000000000), "can12", "18FF50E5#", RX}},
     0},
    {"crtd",
     "511.794004 CXX GVRET-PC Reverse Engineering Tool Output V115\r\n"
     "511.794029 R11 000001D4 F7 07 00 00 C7 46 30 17 \r\n"
     "511.794042 R12 000001D4 F7 07\r\n"
     "511.794042 R11 000001D4 F7 0\r\n",
     0,
     {{INT64_C(511794029000), "can1", "1D4#F7070000C7463017", RX}},
     2},
    {"savvycan",
     "Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8\n"
     "-1688467643383897,00000201,false,Rx,0,8,02,00,00,00,00,00,00,07,\n"
     "44402630,0000056E,false,Tx,1,1,46,00,00,00,00,00,00,00,\n"
     "44402631,18FF50E5,true,Rx,1,0\n"
     "44402632,00000123,true,Rx,1,2,0A,0B\n"
     "44402633,00000123,false,Rx,1,3,0A,0B\n",
     0,
     {{INT64_C(-1688467643383897000), "can0", "201#0200000000000007", RX},
      {INT64_C(44402630000), "can1", "56E#46", TX},
      {INT64_C(44402631000), "can1", "18FF50E5#", RX},
      {INT64_C(44402632000), "can1", "00000123#0A0B", RX}},
     1},
    /* the older CSV of GVRET: no direction, short ids */
    {"savvycan",
     "Time Stamp,ID,Extended,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8\n"
     "5000,1DB,FALSE,0,2,AA,55\n"
     "5001,1DB,0,0,9,AA,55\n"
     "5002,1DBAA,FALSE,0,1,01\n",
     0,
     {{5000000, "can0", "1DB#AA55", RX}, {5002000, "can0", "0001DBAA#01", RX}},
     1},
    {"cabana",
     "time,addr,bus,data\n"
     "12.345678,475,0,0102030405060708\n"
     "12.5,0x1DB,2,\n",
     0,
     {{INT64_C(12345678000), "can0", "1DB#0102030405060708", RX},
      {12 * S + S / 2, "can2", "1DB#", RX}},
     0},
    {"tab-log",
     "ParserFlags\tCh\tCounter\tT/R\tTime\tFlags\tCAN ID\tLen\tData\tParser Name\tdefault\n"
     "1\t0\t14767\tRX\t1052620673\t\t0x000001da\t3\t0xc8 32 18 \tDefault Parser\t\n"
     "1\t1\t14768\tTX\t1052620674\t\t0x18db33f1\t1\t0x01 \t\n"
     "1\t1\t14768\tTX\t1052620674\t\t0x18db33f1\t2\t0x01 \t\n",
     0,
     {{INT64_C(1052620673000000), "can0", "1DA#C83218", RX},
      {INT64_C(1052620674000000), "can1", "18DB33F1#01", TX}},
     1},
    {"seconds",
     "0000.000000 00000286 5 00 40 84 36 00   \r\n"
     "0000.026624 0000068C 1 00       \r\n"
     "0001.5 18FF50E5 0\r\n"
     "0001.6 0000068C 2 00\r\n",
     0,
     {{0, "can", "286#0040843600", RX},
      {26624000, "can", "68C#00", RX},
      {S + S / 2, "can", "18FF50E5#", RX}},
     1},
    /* lines end with CR alone; the second form has milliseconds */
    {"busmon",
     "@ TEXT @ 3 @ 64 @ 0 @ 1149 @ 7459 @ 00:00:07.459 @\r"
     "# $LocalTime=11:19:54.503\r"
     "26,671594\t1\t00000004\t2FF\t6\t0F 00 FF FF FF FE      \t00000000\t        \t\r"
     "46,016\t2\t0004\t18FF50E5\t1\t5A                     \t00000000\tZ       \t\r",
     0,
     {{INT64_C(26671594000), "can1", "2FF#0F00FFFFFFFE", RX},
      {INT64_C(46016000000), "can2", "18FF50E5#5A", RX}},
     0},
    {"microchip",
     "//---------------------------------\n"
     "Microchip Technology Inc.\n"
     "CAN BUS Analyzer\n"
     "166064;RX;0x0000021A;3;0xFE;0x36;0x12;\n"
     "166065;TX;0x18FF50E5;0;\n"
     "166066;TX;0x18FF50E5;1;0xFE;junk;\n",
     0,
     {{INT64_C(166064000000), "can", "21A#FE3612", RX},
      {INT64_C(166065000000), "can", "18FF50E5#", TX}},
     1},
    /* a clock of the day: 2015-09-23 is 1442966400; after midnight it is the next day */
    {"busmaster",
     "***BUSMASTER Ver 2.4.0***\n"
     "***START DATE AND TIME 23:9:2015 22:17:28:928***\n"
     "***HEX***\n"
     "***SYSTEM MODE***\n"
     "23:59:59:992 Rx 1 0x21A s 2 FE 36 \n"
     "00:00:00:0015 Tx 2 0x18FF50E5 x 0 \n"
     "00:00:01:0000 Rx 2 0x7FF sr 4\n",
     0,
     {{(INT64_C(1442966400) + 86399) * S + 992000000, "can1", "21A#FE36", RX},
      {(INT64_C(1442966400) + 86400) * S + 1500000, "can2", "18FF50E5#", TX},
      {(INT64_C(1442966400) + 86401) * S, "can2", "7FF#R4", RX}},
     0},
    /* decimal, since the line before: 538 = 21A */
    {"busmaster",
     "***BUSMASTER Ver 2.4.0***\n"
     "***START DATE AND TIME 23:9:2015 00:00:10:000***\n"
     "***DEC***\n"
     "***RELATIVE MODE***\n"
     "00:00:01:0000 Rx 1 538 s 2 254 54 \n"
     "00:00:01:0000 Rx 1 538 s 2 254 256 \n"
     "00:00:00:5000 Rx 1 538 s 1 7\n",
     0,
     {{(INT64_C(1442966400) + 11) * S, "can1", "21A#FE36", RX},
      {(INT64_C(1442966400) + 11) * S + S / 2, "can1", "21A#07", RX}},
     1},
    {"direction-log",
#define LINE                                                                                       \
    "0     \0Receive     \00018:58:39:092     \0Data frame     \0Standard frame     \000000001d4"  \
    "     \0002     \000a0 6d      \0\r\n"
     "NO    Direction  Time Scale        Frame Type      \0 Data \r\n" LINE,
     sizeof "NO    Direction  Time Scale        Frame Type      \0 Data \r\n" LINE - 1,
     {{INT64_C(68319092000000), "can", "1D4#A06D", RX}},
     0},
    {"chademo-log",
     "Opening new log file: x.txt\r\n\r\n"
     "Rcvd msgID: 0x102; 02; B1; 00; 00; 00; 08; FF; 01  00:02:06.707\r\n"
     "CAR supports CHAdeMO Protocol Version 1.0 \r\n"
     "Rcvd msgID: 0x102; 02; B1; 0\r\n",
     0,
     {{INT64_C(126707000000), "can", "102#02B100000008FF01", RX}},
     1},
    /* PEAK: the first has no version; 44548.5 is 2021-12-18 12:00 = 1639828800 */
    {"trc",
     ";   PCAN-Net: N/A\n"
     "     1)     17535  00000100  2  00 0A\n"
     "     2)     17540  FFFFFFFF  4  00 00 00 08 -- -- -- -- BUSHEAVY\n"
     "     3)     19295      0704  1  RTR\n",
     0,
     {{INT64_C(17535000000), "can", "00000100#000A", RX},
      {INT64_C(17540000000), "can", "20000004#000C000000000000", RX},
      {INT64_C(19295000000), "can", "704#R1", RX}},
     0},
    {"trc",
     ";$FILEVERSION=1.1\r\n"
     ";$STARTTIME=44548.5\r\n"
     "     1)     17535.4  Tx     00000100  2  00 0A \r\n"
     "     2)     17540.3  Warng  FFFFFFFF  4  00 00 00 10  BUSOFF \r\n"
     "     3)     17541.0  Rx         0704  3  RTR\r\n"
     "     4)     17541.0  Rx         0704  3  00 11\r\n"
     "     5)     17542.0  Error  0008  0\r\n",
     0,
     {{(INT64_C(1639828800) + 17) * S + 535400000, "can", "00000100#000A", TX},
      {(INT64_C(1639828800) + 17) * S + 540300000, "can", "20000040#0000000000000000", RX},
      {(INT64_C(1639828800) + 17) * S + 541000000, "can", "704#R3", RX},
      {(INT64_C(1639828800) + 17) * S + 542000000, "can", "20000080#0000000000000000", RX}},
     1},
    {"trc",
     ";$FILEVERSION=1.3\n"
     "     1)     17535.401 2  Tx    00000100 -  2    00 0A\n"
     "     2)     17540.300 2  Warng FFFFFFFF -  4    00 00 00 00\n",
     0,
     {{INT64_C(17535401000), "can2", "00000100#000A", TX},
      {INT64_C(17540300000), "can2", "20000004#0040000000000000", RX}},
     0},
    /* 2.x names its columns: L is a DLC (9 = 12 bytes), l a count */
    {"trc",
     ";$FILEVERSION=2.1\n"
     ";$STARTTIME=44548.5000000116\n"
     ";$COLUMNS=N,O,T,B,I,d,R,L,D\n"
     "      1         0.001 DT 1      0300 Rx -  3    01 02 03 \n"
     "      2         0.002 FB 2  18FF50E5 Tx -  9    00 01 02 03 04 05 06 07 08 09 0A 0B\n"
     "      3         0.003 ST 2         - Rx -  4    00 04 00 00\n"
     "      4         0.004 ER 1         - Rx -  5    04 00 02 00 00\n"
     "      5         0.005 RR 1      0704 Rx -  1\n"
     "      6         0.006 EC 1         - Rx -  2    02 02\n"
     "      7         0.007 ZZ 1      0704 Rx -  1\n",
     0,
     /* the fraction of a day is 1.00224 ms: ten digits tell 8.64 us at best */
     {{INT64_C(1639828800) * S + 1002000 + 1000, "can1", "300#010203", RX},
      {INT64_C(1639828800) * S + 1002000 + 2000, "can2", "18FF50E5##5000102030405060708090A0B", TX},
      {INT64_C(1639828800) * S + 1002000 + 3000, "can2", "20000004#0030000000000000", RX},
      {INT64_C(1639828800) * S + 1002000 + 4000, "can1", "20000080#0000000000000000", RX},
      {INT64_C(1639828800) * S + 1002000 + 5000, "can1", "704#R1", RX}},
     1},
    {"trc",
     ";$FILEVERSION=2.0\n"
     ";$COLUMNS=N\n"
     "      1     17535.400 DT     0100 Tx 2  00 0A\n"
     ";$COLUMNS=N,O,T,I,d,l,D\n"
     "      1     17535.400 DT     0100 Tx 2  00 0A\n"
     "      2     17540.300 ST          Rx    00 00 00 08\n"
     "      3     17541.000 FD     0100 Rx 12 00 01 02 03 04 05 06 07 08 09 0A 0B\n",
     0,
     {{INT64_C(17535400000), "can", "100#000A", TX},
      {INT64_C(17540300000), "can", "20000004#000C000000000000", RX},
      {INT64_C(17541000000), "can", "100##4000102030405060708090A0B", RX}},
     1},
    /* 2017-09-30 15:06:13.191 = 1506783973.191 */
    {"asc",
     "date Sam Sep 30 15:06:13.191 2017\n"
     "base hex  timestamps absolute\n"
     "internal events logged\n"
     "// version 9.0.0\n"
     "Begin Triggerblock Sam Sep 30 15:06:13.191 2017\n"
     "   0.000000 Start of measurement\n"
     "   0.015991 CAN 1 Status:chip status error passive - TxErr: 132 RxErr: 0\n"
     "   1.015991 1  Statistic: D 0 R 0 XD 0 XR 0 E 0 O 0 B 0.00%\n"
     "   2.501000 1 ErrorFrame ECC: 10100010\n"
     "   2.5100012 2 C8 Tx r 4 Length = 1704000 BitCount = 145 ID = 88888888x\n"
     "   3.098426 1  18EBFF00x       Rx d 2 01 A0    Length = 273910 BitCount = 141 ID = "
     "418119424x\n"
     "   3.098500 1  64  TxRq d 1 02\n"
     "   3.098600 1  64  Tx d 1 02\n"
     "   3.297743 1  J1939TP FEE3p        6    0  0   -   Rx   d 2 A0 0F\n"
     "   3.300000 1  64  Rx d 2 02\n"
     "   3.300000 1  64  Rx d 2 02 03 04\n"
     "   3.300000 L1 2A Rx 2 01 02\n"
     "End TriggerBlock\n",
     0,
     {{1506783973 * S + 191000000 + 2501000000, "can1", "20000080#0000000000000000", RX},
      {1506783973 * S + 191000000 + 2510001200, "can2", "0C8#R4", TX},
      {1506783973 * S + 191000000 + 3098426000, "can1", "18EBFF00#01A0", RX},
      {1506783973 * S + 191000000 + 3098600000, "can1", "064#02", TX}},
     3},
    /* decimal; each time since the line before; a date that nobody can read */
    {"asc",
     "date Xyz 17 99:99 2017\n"
     "base dec  timestamps relative\n"
     "no internal events logged\n"
     "   1.000000 1  100  Rx   d 2 100 255\n"
     "   0.500000 1  Statistic: D 0 R 0\n"
     "   0.250000 1  100x  Rx   d 1 7\n"
     "   0.250000 1  100x  Rx   d 1 7 255\n",
     0,
     {{1 * S, "can1", "064#64FF", RX}, {1 * S + 750000000, "can1", "00000064#07", RX}},
     1},
    /* CAN FD: bits of the flags: 1000 FD, 10 remote; a symbolic name may stand behind the id */
    {"asc",
     "base hex  timestamps absolute\n"
     "  30.005021 CANFD   1 Rx        300                                   1 0 8  8 11 c2 03 04 "
     "05 06 07 "
     "08   102203  133   303000 e0006659 46500250 4b140250 20011736 2001040d\n"
     "  30.005071 CANFD   3 Tx        1C4D80A7x  Generic_Name_12   0 1 9  12 01 02 03 04 05 06 07 "
     "08 09 0A "
     "0B 0C  102203  133   205000 e0006659 46500250 4b140250 20011736 2001040d\n"
     "  30.300981 CANFD   3 Tx     50005x                 0 0 5 0 140000 73 200050 7a60 46500250\n"
     "  30.300982 CANFD   3 Rx     50       0 0 2 2 0A 0B 140000 73 200040 7a60 46500250\n"
     "  30.806898 CANFD   5 Tx ErrorFrame Not Acknowledge error, dominant error flag fffe c7\n"
     "  30.806899 CANFD   5 Rx 50 0 0 9 12 01 02 03\n",
     0,
     {{30005021000, "can1", "300##511C2030405060708", RX},
      {30005071000, "can3", "1C4D80A7##60102030405060708090A0B0C", TX},
      {30300981000, "can3", "00050005#R5", TX},
      {30300982000, "can3", "050#0A0B", RX},
      {30806898000, "can5", "20000080#0000000000000000", TX}},
     1},
};
#define FILES (sizeof files / sizeof files[0])

static void start(const char *text, size_t n, const char *format) {
    struct lines *lines = lines_of_text(text, n);
    assert_non_null(lines);
    reader_init(&reader, lines, format ? format_find(format) : NULL);
    assert_non_null(reader.format);
}

static void expect(const struct vb_frame *frame, const struct want *want) {
    char text[VB_FRAME_TEXT + 1];
    text[vb_frame_text(frame, text)] = '\0';
    assert_non_null(want->frame);
    assert_string_equal(text, want->frame);
    assert_string_equal(reader.links[frame->bus], want->link);
    assert_true(frame->t_ns == want->t_ns);
    assert_int_equal(frame->flags & VB_FRAME_TX, want->flags);
    assert_int_equal(frame->flags & VB_FRAME_NO_TIME, 0);
}

static size_t length(const struct file *file) {
    return file->n ? file->n : strlen(file->text);
}

static void test_every_format_is_found_and_gives_its_frames_and_names_what_is_wrong(void **state) {
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        const struct want *want = files[i].want;
        struct vb_frame frame;
        int wrong = 0;
        start(files[i].text, length(&files[i]), NULL);
        assert_string_equal(reader.format->name, files[i].format);
        for (int result; (result = reader_next(&reader, &frame)) != 0;) {
            if (result < 0) {
                assert_true(reader.why[0] != '\0');
                wrong++;
            } else {
                expect(&frame, want++);
            }
        }
        assert_null(want->frame);
        assert_int_equal(wrong, files[i].wrong);
        reader_close(&reader);
    }
}

static void test_a_file_cut_anywhere_gives_the_frames_before_the_cut(void **state) {
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        for (size_t n = 1; n < length(&files[i]); n++) {
            char *copy = malloc(n); /* the sanitizer watches its end */
            struct vb_frame frame;
            memcpy(copy, files[i].text, n);
            size_t last = n; /* where the line that is cut begins */
            while (last > 0 && copy[last - 1] != '\n' && copy[last - 1] != '\r') {
                last--;
            }
            start(copy, n, files[i].format);
            const struct want *want = files[i].want;
            unsigned long lines = 0;
            for (size_t k = 0; k < last; k++) {
                lines +=
                    copy[k] == '\n' || (copy[k] == '\r' && !(k + 1 < n && copy[k + 1] == '\n'));
            }
            for (int result; (result = reader_next(&reader, &frame)) != 0;) {
                assert_true(result > 0 || reader.why[0] != '\0');
                if (result > 0 && reader.line.number <= lines) {
                    expect(&frame, want++);
                }
            }
            reader_close(&reader);
            free(copy);
        }
    }
}

static void test_dates_of_asc_are_read_in_the_languages_of_its_writers(void **state) {
    (void)state;
    /* all are the same moment: 2014-05-27 16:09:35.25 = 1401206975.25 */
    static const char *const dates[] = {
        "Tue May 27 04:09:35.250 pm 2014", "Die Mai 27 16:09:35.250 2014",
        "mar. mai 27 16:09:35.250 2014",   "mar mag 27 16:09:35.250 2014",
        "Tue May 27 16:09:35.250 2014",    "Di 27 Mai 2014 16:09:35.250",
        "mar may 27 04:09:35.250 PM 2014",
    };
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        char text[200];
        struct vb_frame frame;
        int n = snprintf(text, sizeof text,
                         "date %s\nbase hex timestamps absolute\n0.5 1 1DB Rx d 1 00\n", dates[i]);
        start(text, (size_t)n, NULL);
        assert_int_equal(reader_next(&reader, &frame), 1);
        assert_true(frame.t_ns == INT64_C(1401206975750000000));
        reader_close(&reader);
    }
    static const struct {
        const char *month;
        int64_t t_s; /* of its 2nd at 12:00:01 am, 2019 */
    } months[] = {
        {"f\303\251v.", 1549065601}, {"M\344r", 1551484801},      {"avr.", 1554163201},
        {"juin", 1559433601},        {"juil.", 1562025601},       {"ao\303\273t", 1564704001},
        {"Okt", 1569974401},         {"d\303\251c.", 1575244801}, {"Dez", 1575244801}};
    for (size_t i = 0; i < sizeof months / sizeof months[0]; i++) {
        char text[200];
        struct vb_frame frame;
        int n = snprintf(text, sizeof text, "date Xxx %s 2 12:00:01 am 2019\n0.0 1 1DB Rx d 1 00\n",
                         months[i].month);
        start(text, (size_t)n, "asc");
        assert_int_equal(reader_next(&reader, &frame), 1);
        assert_true(frame.t_ns == months[i].t_s * S);
        reader_close(&reader);
    }
}

static void test_the_date_of_a_block_of_asc_counts_where_its_times_begin_at_0(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t t_s; /* 2021-12-18 12:00 is 1639828800 */
    } blocks[] = {
        {"date Sam Dez 18 12:00:00.000 2021\nBegin Triggerblock Sam Dez 18 12:00:05.000 2021\n"
         "  0.000000 Start of measurement\n  1.0 1 1DB Rx d 1 00\n",
         1639828806},
        {"date Sam Dez 18 12:00:00.000 2021\nBegin Triggerblock Sam Dez 18 12:00:05.000 2021\n"
         "  5.0 1 1DB Rx d 1 00\n",
         1639828805},
        {"base hex\nBegin Triggerblock Sam Dez 18 12:00:05.000 2021\n  1.0 1 1DB Rx d 1 00\n",
         1639828806}};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        struct vb_frame frame;
        start(blocks[i].text, strlen(blocks[i].text), "asc");
        assert_int_equal(reader_next(&reader, &frame), 1);
        assert_true(frame.t_ns == blocks[i].t_s * S);
        reader_close(&reader);
    }
}

static void test_times_beyond_what_fits_are_named(void **state) {
    (void)state;
    static const struct {
        const char *format, *line;
    } lines[] = {{"savvycan", "9223372036854775807,00000123,false,Rx,0,0\n"},
                 {"savvycan", "92233720368547758070,00000123,false,Rx,0,0\n"},
                 {"seconds", "9223372036.9 00000123 0\n"},
                 {"crtd", "99999999999.0 1R11 123\n"},
                 {"asc", "9223372036.9 1 1DB Rx d 0\n"}};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct vb_frame frame;
        start(lines[i].line, strlen(lines[i].line), lines[i].format);
        assert_true(reader_next(&reader, &frame) < 0);
        assert_true(reader.why[0] != '\0');
        assert_int_equal(reader_next(&reader, &frame), 0);
        reader_close(&reader);
    }
}

/* A frame before and one behind midnight, again and again: after 62 years of it no time has room any more. */
static void test_midnights_without_end_are_named_at_last(void **state) {
    (void)state;
    static const char head[] = "***START DATE AND TIME 1:1:2200 0:0:0:0***\n";
    static const char day[] = "23:59:59:0 Rx 0 1DB s 0\n0:0:0:0 Rx 0 1DB s 0\n";
    const size_t days = 23000;
    char *text = malloc(sizeof head + days * sizeof day);
    assert_non_null(text);
    size_t n = strlen(strcpy(text, head));
    for (size_t i = 0; i < days; i++, n += sizeof day - 1) {
        memcpy(text + n, day, sizeof day);
    }
    start(text, n, "busmaster");
    struct vb_frame frame;
    int64_t last_ns = 0;
    size_t wrong = 0;
    for (int result; (result = reader_next(&reader, &frame)) != 0;) {
        if (result > 0) {
            assert_true(frame.t_ns > last_ns && wrong == 0);
            last_ns = frame.t_ns;
        } else {
            wrong++;
        }
    }
    assert_true(wrong > 100);
    assert_string_equal(reader.why, "a time beyond 292 years");
    reader_close(&reader);
    free(text);
}

/* ---- BLF, by hand ---- */

struct bytes {
    uint8_t b[4096];
    size_t n;
};

static void put(struct bytes *to, const void *b, size_t n) {
    assert_true(to->n + n <= sizeof to->b);
    memcpy(to->b + to->n, b, n);
    to->n += n;
}

#define PUT(to, literal) put(to, literal, sizeof literal - 1)

/* The objects inside of the containers. Start of the file: 2021-12-18 12:00:00.007. */
static struct bytes objects(void) {
    struct bytes o = {.n = 0};
    /* type 1 at 1 s in units of 10 us: channel 1, sent, 3 bytes, 1DB */
    PUT(&o, "LOBJ\x20\0\x01\0\x30\0\0\0\x01\0\0\0\x01\0\0\0\0\0\0\0\xA0\x86\x01\0\0\0\0\0"
            "\x01\0\x01\x03\xDB\x01\0\0\x0A\x0B\x0C\0\0\0\0\0");
    /* type 96, a marker of 17 bytes behind the header, then 3 bytes of padding */
    PUT(&o, "LOBJ\x20\0\x01\0\x31\0\0\0\x60\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
            "12345678901234567\0\0\0");
    /* type 86 at 2 ns: channel 2, remote, 5 bytes asked for, 18FF50E5 */
    PUT(&o, "LOBJ\x20\0\x01\0\x38\0\0\0\x56\0\0\0\x02\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0"
            "\x02\0\x80\x05\xE5\x50\xFF\x98\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    /* type 100: channel 1, DLC 9, FD with bit rate switch, 12 bytes */
    PUT(&o,
        "LOBJ\x20\0\x01\0\x74\0\0\0\x64\0\0\0\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0"
        "\x01\0\0\x09\x23\x01\0\0\0\0\0\0\0\x03\x0C\0\0\0\0\0"
        "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    /* type 101, header version 2: channel 3, 2 bytes, flags 1000 + 4000, sent */
    PUT(&o,
        "LOBJ\x28\0\x02\0\x52\0\0\0\x65\0\0\0\x02\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\x03\x02\x02\0\x24\x01\0\0\0\0\0\0\x00\x50\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0\0\x01\0\0\0\0\0\xAA\xBB\0\0");
    /* type 73, an error frame on channel 1; type 57 of a LIN bus */
    PUT(&o, "LOBJ\x20\0\x01\0\x3C\0\0\0\x49\0\0\0\x02\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0"
            "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    PUT(&o, "LOBJ\x20\0\x01\0\x24\0\0\0\x39\0\0\0\x02\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0");
    return o;
}

static const struct want blf_frames[] = {
    {(INT64_C(1639828801)) * S + 7000000, "can1", "1DB#0A0B0C", TX},
    {INT64_C(1639828800) * S + 7000002, "can2", "18FF50E5#R5", RX},
    {INT64_C(1639828800) * S + 7000003, "can1", "123##50102030405060708090A0B0C", RX},
    {INT64_C(1639828800) * S + 7000004, "can3", "124##6AABB", TX},
    {INT64_C(1639828800) * S + 7000005, "can1", "20000080#0000000000000000", RX},
    {0, NULL, NULL, 0}};

static void put_u32(struct bytes *to, size_t value) {
    uint8_t b[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), 0};
    put(to, b, 4);
}

/* A file whose containers hold `piece` bytes each; packed with zlib, or not. */
static struct bytes blf_file(size_t piece, bool packed) {
    static const uint8_t zeros[144];
    struct bytes o = objects();
    struct bytes f = {.n = 0};
    PUT(&f, "LOGG\x90\0\0\0\x05\x07\x01\0\x02\x04\x02\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
            "\0\0\0"
            "\xE5\x07\x0C\0\x06\0\x12\0\x0C\0\0\0\0\0\x07\0");
    put(&f, zeros, 144 - f.n);
    for (size_t at = 0; at < o.n; at += piece) {
        uint8_t out[1024];
        uLongf out_n = sizeof out;
        size_t n = o.n - at < piece ? o.n - at : piece;
        if (packed) {
            assert_int_equal(compress(out, &out_n, o.b + at, n), Z_OK);
        } else {
            out_n = n;
            memcpy(out, o.b + at, n);
        }
        PUT(&f, "LOBJ\x10\0\x01\0");
        put_u32(&f, 32 + out_n);
        PUT(&f, "\x0A\0\0\0");
        put_u32(&f, packed ? 2 : 0);
        put_u32(&f, 0);
        put_u32(&f, n);
        put_u32(&f, 0);
        put(&f, out, out_n);
        put(&f, zeros, (32 + out_n) % 4); /* as Vector's tools pad */
    }
    return f;
}

/* Read it all. Returns how many frames were as expected. */
static size_t read_blf(const uint8_t *b, size_t n, int *wrong) {
    size_t count = 0;
    struct vb_frame frame;
    *wrong = 0;
    struct lines *lines = lines_of_text((const char *)b, n);
    reader_init(&reader, lines, format_find("blf"));
    for (int result; (result = reader_next(&reader, &frame)) != 0;) {
        if (result < 0) {
            assert_true(reader.why[0] != '\0');
            (*wrong)++;
        } else {
            expect(&frame, &blf_frames[count++]);
        }
    }
    return count;
}

static void test_objects_of_blf_may_run_over_containers_of_any_size(void **state) {
    (void)state;
    static const size_t pieces[] = {24, 31, 32, 33, 48, 50, 100, 117, 1000};
    for (size_t i = 0; i < 2 * sizeof pieces / sizeof pieces[0]; i++) {
        struct bytes f = blf_file(pieces[i / 2], i % 2);
        int wrong;
        assert_int_equal(read_blf(f.b, f.n, &wrong), 5);
        assert_int_equal(wrong, 1);
        assert_string_equal(reader.why, "objects of no CAN bus, not read: 1 of type 57");
        reader_close(&reader);
    }
}

static void test_blf_is_found_by_its_first_bytes(void **state) {
    (void)state;
    struct bytes f = blf_file(100, true);
    start((const char *)f.b, f.n, NULL);
    assert_string_equal(reader.format->name, "blf");
    reader_close(&reader);
}

static void test_blf_without_containers_is_read(void **state) {
    (void)state;
    struct bytes o = objects();
    struct bytes f = blf_file(1000, false);
    int wrong;
    memcpy(f.b + 144, o.b, o.n);
    assert_int_equal(read_blf(f.b, 144 + o.n, &wrong), 5);
    reader_close(&reader);
}

static void test_blf_cut_anywhere_gives_the_frames_before_and_says_so(void **state) {
    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        struct bytes f = blf_file(90, packed);
        size_t most = 0;
        for (size_t n = 0; n < f.n; n++) {
            uint8_t *copy = malloc(n + 1);
            int wrong;
            memcpy(copy, f.b, n);
            size_t count = read_blf(copy, n, &wrong);
            reader_close(&reader);
            free(copy);
            assert_true(count >= most);
            most = count;
            /* the header by itself, and padding, are no damage */
            assert_true(wrong > 0 || (n >= 144 && n < 148));
        }
        assert_int_equal(most, 5);
    }
}

static void test_objects_of_many_other_types_are_counted_together(void **state) {
    (void)state;
    struct bytes f = blf_file(1000, false);
    f.n = 144;
    for (const char *type = "9:;<=9>"; *type; type++) { /* 57 to 62 */
        PUT(&f, "LOBJ\x20\0\x01\0\x20\0\0\0");
        put_u32(&f, (size_t)*type);
        PUT(&f, "\x02\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0");
    }
    int wrong;
    assert_int_equal(read_blf(f.b, f.n, &wrong), 0);
    assert_int_equal(wrong, 1);
    assert_string_equal(reader.why, "objects of no CAN bus, not read: 2 of type 57, 1 of type 58, "
                                    "1 of type 59, 3 of more types");
    reader_close(&reader);
}

static void test_damage_in_blf_is_named_and_the_rest_is_read(void **state) {
    (void)state;
    struct bytes f = blf_file(1000, false);
    int wrong;
    /* the size of the second object makes no sense: the third is found again */
    f.b[144 + 32 + 48 + 11] = 0x7F;
    assert_int_equal(read_blf(f.b, f.n, &wrong), 5);
    assert_int_equal(wrong, 3); /* the size, the bytes up to the next object, LIN */
    reader_close(&reader);
    /* a packed container that is no zlib: its frames are lost, those of the next are not */
    struct bytes p = blf_file(48, true);
    p.b[144 + 32] ^= 0x55;
    struct lines *lines = lines_of_text((const char *)p.b, p.n);
    reader_init(&reader, lines, NULL);
    struct vb_frame frame;
    assert_true(reader_next(&reader, &frame) < 0);
    assert_string_equal(reader.why, "behind it a container with damaged zlib data: passed over");
    int result;
    while ((result = reader_next(&reader, &frame)) < 0) {
    }
    assert_int_equal(result, 1);
    expect(&frame, &blf_frames[1]);
    reader_close(&reader);
}

/* The only container ends a byte before its zlib data does, where all frames are out of it, or half of them. */
static void test_a_container_of_blf_that_is_shorter_than_its_data_is_named(void **state) {
    (void)state;
    for (int half = 0; half < 2; half++) {
        struct bytes f = blf_file(1000, true);
        size_t size = f.b[144 + 8] | (size_t)f.b[144 + 9] << 8;
        size_t less = half ? size / 2 : size - 1;
        f.b[144 + 8] = (uint8_t)less;
        f.b[144 + 9] = (uint8_t)(less >> 8);
        struct lines *lines = lines_of_text((const char *)f.b, 144 + less);
        reader_init(&reader, lines, NULL);
        struct vb_frame frame;
        bool named = false;
        for (int result; (result = reader_next(&reader, &frame)) != 0;) {
            named |= result < 0 && strcmp(reader.why, "behind it a container with damaged zlib "
                                                      "data: passed over") == 0;
        }
        assert_true(named);
        reader_close(&reader);
    }
}

int main(void) {
    setenv("TZ", "UTC", 1); /* dates of these formats are local */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format_is_found_and_gives_its_frames_and_names_what_is_wrong),
        cmocka_unit_test(test_a_file_cut_anywhere_gives_the_frames_before_the_cut),
        cmocka_unit_test(test_dates_of_asc_are_read_in_the_languages_of_its_writers),
        cmocka_unit_test(test_the_date_of_a_block_of_asc_counts_where_its_times_begin_at_0),
        cmocka_unit_test(test_times_beyond_what_fits_are_named),
        cmocka_unit_test(test_midnights_without_end_are_named_at_last),
        cmocka_unit_test(test_objects_of_blf_may_run_over_containers_of_any_size),
        cmocka_unit_test(test_blf_is_found_by_its_first_bytes),
        cmocka_unit_test(test_blf_without_containers_is_read),
        cmocka_unit_test(test_blf_cut_anywhere_gives_the_frames_before_and_says_so),
        cmocka_unit_test(test_objects_of_many_other_types_are_counted_together),
        cmocka_unit_test(test_damage_in_blf_is_named_and_the_rest_is_read),
        cmocka_unit_test(test_a_container_of_blf_that_is_shorter_than_its_data_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
