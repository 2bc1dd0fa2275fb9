"""One or two small networks of each family of timm, with the default layer's grid as the architecture makes it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.sweep.checks import Network

Sizes = tuple[int, int]

WIDE, SQUARE, LARGE = (96, 128), (224, 224), (256, 256)
OWN: dict[str, Any] = {}

CONVOLUTIONAL = (
    "convnext_atto", "convnextv2_atto", "cspdarknet53", "cs3darknet_s", "davit_tiny", "densenet121", "dla46_c",
    "dpn48b", "eca_nfnet_l0", "edgenext_xx_small", "efficientnet_b0", "efficientnetv2_rw_t", "efficientvit_b0",
    "ese_vovnet19b_slim", "fasternet_t0", "fastvit_t8", "fbnetc_100", "focalnet_tiny_srf", "ghostnet_050",
    "hardcorenas_a", "hgnetv2_b0", "hrnet_w18_small", "inception_next_atto", "lcnet_050", "legacy_seresnet18",
    "mambaout_femto", "mixnet_s", "mnasnet_small", "mobilenetv2_050", "mobilenetv3_small_050", "mobilenetv4_conv_small",
    "mobileone_s0", "nf_regnet_b0", "poolformer_s12", "pvt_v2_b0", "rdnet_tiny", "regnetx_002",
    "regnety_002", "regnetz_b16", "repghostnet_050", "repvgg_a0", "repvit_m0_9", "res2net50_26w_4s", "resnest14d",
    "resnet18", "resnet26t", "resnetv2_18", "rexnet_100", "semnasnet_075", "skresnet18",
    "spnasnet_100", "starnet_s1", "swiftformer_xs", "tf_efficientnet_lite0", "tinynet_e", "tresnet_m",
    "vgg11", "xception41", "caformer_s18", "convformer_s18", "cspnext_tiny", "lowformer_b0",
    "nextvit_small", "iformer_s", "lcnetv2_small", "cpubone_nano",
)  # fmt: skip
"""Any size will do; stride 32 at the end."""

OTHERS: tuple[tuple[str, Sizes, Sizes, dict[str, Any]], ...] = (
    # name, size of the input, grid, keywords
    ("botnet26t_256", LARGE, (8, 8), OWN),
    ("halonet26t", LARGE, (8, 8), OWN),
    ("lambda_resnet26t", LARGE, (8, 8), OWN),
    ("sehalonet33ts", LARGE, (8, 8), OWN),
    ("beit_base_patch16_224", (96, 128), (6, 8), {"img_size": (96, 128)}),
    ("beitv2_base_patch16_224", (96, 128), (6, 8), {"img_size": (96, 128)}),
    ("cait_xxs24_224", (96, 128), (6, 8), {"img_size": (96, 128)}),
    ("coat_tiny", SQUARE, (28, 28), OWN),  # then three streams run side by side
    ("coat_lite_tiny", SQUARE, (7, 7), OWN),
    ("coatnet_pico_rw_224", SQUARE, (7, 7), OWN),
    ("convit_tiny", SQUARE, (14, 14), OWN),
    ("convmixer_768_32", (98, 126), (14, 18), OWN),
    ("crossvit_tiny_240", (240, 240), (20, 20), OWN),
    ("deit_tiny_patch16_224", (96, 128), (6, 8), {"img_size": (96, 128)}),
    ("deit_tiny_distilled_patch16_224", (96, 128), (6, 8), {"img_size": (96, 128)}),
    ("deit3_small_patch16_224", (96, 128), (6, 8), {"img_size": (96, 128)}),
    ("efficientformer_l1", SQUARE, (7, 7), OWN),
    ("efficientformerv2_s0", SQUARE, (7, 7), OWN),
    ("efficientvim_m1", (96, 128), (6, 8), OWN),  # its head sees every stage: this is the last that all of that passes
    ("efficientvit_m0", SQUARE, (4, 4), OWN),
    ("eva02_tiny_patch14_224", (84, 112), (6, 8), {"img_size": (84, 112)}),
    ("flexivit_small", (96, 128), (6, 8), {"img_size": (96, 128)}),
    ("gcvit_xxtiny", SQUARE, (7, 7), OWN),
    ("gmixer_12_224", SQUARE, (14, 14), OWN),
    ("gmlp_ti16_224", SQUARE, (14, 14), OWN),
    ("hiera_tiny_224", SQUARE, (7, 7), OWN),
    ("hieradet_small", LARGE, (8, 8), OWN),
    ("inception_resnet_v2", (139, 171), (3, 4), OWN),
    ("inception_v3", (139, 171), (3, 4), OWN),
    ("inception_v4", (139, 171), (3, 4), OWN),
    ("levit_128s", SQUARE, (4, 4), OWN),
    ("levit_conv_128s", SQUARE, (4, 4), OWN),
    ("legacy_xception", (128, 160), (4, 5), OWN),
    ("maxvit_pico_rw_256", LARGE, (8, 8), OWN),
    ("maxxvitv2_nano_rw_256", LARGE, (8, 8), OWN),
    ("mixer_s32_224", SQUARE, (7, 7), OWN),
    ("mixer_s16_224", SQUARE, (14, 14), OWN),
    ("mobilevit_xxs", (128, 192), (4, 6), OWN),
    ("mvitv2_tiny", SQUARE, (7, 7), OWN),
    ("mvitv2_base_cls", SQUARE, (7, 7), OWN),
    ("mobilevitv2_050", (128, 192), (4, 6), OWN),
    ("naflexvit_base_patch16_gap", (96, 128), (6, 8), OWN),
    ("nest_tiny", SQUARE, (14, 14), OWN),
    ("pit_ti_224", SQUARE, (7, 7), OWN),
    ("pit_ti_distilled_224", SQUARE, (7, 7), OWN),
    ("resmlp_12_224", SQUARE, (14, 14), OWN),
    ("samvit_base_patch16_224", SQUARE, (14, 14), OWN),
    ("selecsls42", (128, 192), (2, 3), OWN),
    ("sequencer2d_s", SQUARE, (14, 14), OWN),
    ("shvit_s1", (128, 192), (2, 3), OWN),
    ("swin_tiny_patch4_window7_224", (96, 128), (3, 4), {"img_size": (96, 128)}),
    ("swinv2_tiny_window8_256", LARGE, (8, 8), OWN),
    ("swinv2_cr_tiny_224", SQUARE, (7, 7), OWN),
    ("tiny_vit_5m_224", SQUARE, (7, 7), OWN),
    ("tnt_s_patch16_224", SQUARE, (14, 14), OWN),
    ("tnt_s_legacy_patch16_224", SQUARE, (14, 14), OWN),
    ("twins_pcpvt_small", SQUARE, (7, 7), OWN),
    ("twins_svt_small", SQUARE, (7, 7), OWN),
    ("visformer_tiny", SQUARE, (7, 7), OWN),
    ("vit_tiny_patch16_224", (96, 128), (6, 8), {"img_size": (96, 128)}),
    ("vit_tiny_r_s16_p8_224", SQUARE, (14, 14), OWN),
    ("vit_little_patch16_reg1_gap_256", LARGE, (16, 16), OWN),
    ("vit_medium_patch16_reg4_256", LARGE, (16, 16), OWN),
    ("vit_small_patch14_reg4_dinov2", (84, 112), (6, 8), {"img_size": (84, 112), "num_classes": 10}),
    ("vit_base_patch32_siglip_256", LARGE, (8, 8), {"num_classes": 10}),
    ("vit_relpos_small_patch16_224", SQUARE, (14, 14), OWN),
    ("vit_srelpos_small_patch16_224", SQUARE, (14, 14), OWN),
    ("vit_pe_core_tiny_patch16_384", (384, 384), (24, 24), {"num_classes": 10}),
    ("vitamin_small_224", SQUARE, (14, 14), OWN),
    ("volo_d1_224", SQUARE, (14, 14), OWN),
    ("xcit_nano_12_p16_224", (96, 128), (6, 8), OWN),
    ("nasnetalarge", (128, 160), (4, 5), OWN),
    ("pnasnet5large", (128, 160), (4, 5), OWN),
)


def every() -> Iterator[Network]:
    """All of the list."""
    for name in CONVOLUTIONAL:
        yield of_timm(name, WIDE, (WIDE[0] // 32, WIDE[1] // 32))
    for name, size, grid, keywords in OTHERS:
        yield of_timm(name, size, grid, **keywords)


def of_timm(name: str, size: tuple[int, ...], grid: tuple[int, ...], **keywords: Any) -> Network:
    """A network of timm with random weights."""
    import timm

    return Network(name, "timm", partial(timm.create_model, name, pretrained=False, **keywords), size, grid)
