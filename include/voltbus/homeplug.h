/* voltbus/homeplug.h - HomePlug AV and GreenPHY management messages: where their header stands, and the
 * numbers (MMTYPE) of those that cars, chargers and their modems send. What is in them is rows: the device
 * "homeplug" (docs/homeplug.md).
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_HOMEPLUG_H
#define VOLTBUS_HOMEPLUG_H

/* A frame of VB_KIND_PLC is the whole Ethernet frame. Places in it, in bytes; the MMTYPE is little
 * endian. HomePlug AV specification 1.1, 11.1; ISO 15118-3:2015, annex A. */
enum {
    VB_MME_TO = 0,         /* 6 bytes: MAC address of the receiver */
    VB_MME_FROM = 6,       /* 6 bytes: ... of the sender */
    VB_MME_ETHERTYPE = 12, /* 88 E1 */
    VB_MME_VERSION = 14,   /* MMV: 0 = 1.0, 1 = 1.1: two bytes of fragmentation behind the type */
    VB_MME_TYPE = 15,      /* MMTYPE, 2 bytes */
    VB_MME_BODY = 17,      /* the message (MMV 0), or FMI and the message (MMV 1) */
    VB_MME_MAX = 1514,
};

/* The last two bits of an MMTYPE: request, confirmation, indication, response. */
enum {
    VB_MM_ENCRYPTED_PAYLOAD_RSP = 0x6007,
    VB_MM_SET_KEY_REQ = 0x6008,
    VB_MM_SET_KEY_CNF = 0x6009,
    VB_MM_GET_KEY_REQ = 0x600C,
    VB_MM_GET_KEY_CNF = 0x600D,
    VB_MM_AMP_MAP_REQ = 0x601C,
    VB_MM_AMP_MAP_CNF = 0x601D,
    VB_MM_BRIDGE_REQ = 0x6020,
    VB_MM_BRIDGE_CNF = 0x6021,
    VB_MM_SLAC_PARM_REQ = 0x6064,
    VB_MM_SLAC_PARM_CNF = 0x6065,
    VB_MM_START_ATTEN_CHAR_IND = 0x606A,
    VB_MM_ATTEN_CHAR_IND = 0x606E,
    VB_MM_ATTEN_CHAR_RSP = 0x606F,
    VB_MM_MNBC_SOUND_IND = 0x6076,
    VB_MM_VALIDATE_REQ = 0x6078,
    VB_MM_VALIDATE_CNF = 0x6079,
    VB_MM_SLAC_MATCH_REQ = 0x607C,
    VB_MM_SLAC_MATCH_CNF = 0x607D,
    VB_MM_ATTEN_PROFILE_IND = 0x6086,
    /* of Qualcomm Atheros */
    VB_MM_SW_VERSION_REQ = 0xA000,
    VB_MM_SW_VERSION_CNF = 0xA001,
    VB_MM_LINK_STATS_REQ = 0xA030,
    VB_MM_LINK_STATS_CNF = 0xA031,
    VB_MM_NETWORK_REQ = 0xA038,
    VB_MM_NETWORK_CNF = 0xA039,
    VB_MM_LOOPBACK_REQ = 0xA048,
    VB_MM_LOOPBACK_CNF = 0xA049,
    VB_MM_HOST_ACTION_IND = 0xA062,
    VB_MM_HOST_ACTION_RSP = 0xA063,
    VB_MM_ATTRIBUTES_REQ = 0xA068,
    VB_MM_ATTRIBUTES_CNF = 0xA069,
    VB_MM_ETHERNET_REQ = 0xA06C,
    VB_MM_ETHERNET_CNF = 0xA06D,
    VB_MM_TONES_TX_REQ = 0xA070,
    VB_MM_TONES_TX_CNF = 0xA071,
    VB_MM_TONES_RX_REQ = 0xA090,
    VB_MM_TONES_RX_CNF = 0xA091,
    VB_MM_APPLET_REQ = 0xA098,
    VB_MM_APPLET_CNF = 0xA099,
    VB_MM_MODULE_REQ = 0xA0B0,
    VB_MM_MODULE_CNF = 0xA0B1,
    VB_MM_PROPERTY_REQ = 0xA0F8,
    VB_MM_PROPERTY_CNF = 0xA0F9,
    VB_MM_ATTENUATION_IND = 0xA14E,
};

#endif
