/* OpenLayers comes as a classic script that makes one global. */
declare const ol: any;
interface Window { ol?: any; webkitAudioContext?: typeof AudioContext; }
